"""The conversation with nf_tables: transactions and questions, and what a kernel's no means."""

import errno
from collections.abc import Sequence

from wanctl.linux.channel import Answer, Channel
from wanctl.linux.error import KernelRefused, LinuxError, NotPermitted
from wanctl.linux.permission import HINT
from wanctl.linux.steering import table

NOT_THERE = errno.ENOENT
_NO_SUBSYSTEM = (errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
_NETFILTER = 12  # NETLINK_NETFILTER


class KernelWithoutNftables(LinuxError):  # noqa: N818  (as in linux/error.py)
    """The running kernel has no nf_tables, or lacks a part of it that steering needs."""


class Netfilter:
    """A netlink socket to nf_tables of this thread's network namespace. Belongs to one thread."""

    def __init__(self) -> None:
        try:
            self._channel = Channel(protocol=_NETFILTER)
        except OSError as error:
            if error.errno not in _NO_SUBSYSTEM:
                raise
            raise without_nftables() from None

    def change(self, messages: Sequence[bytes]) -> tuple[int, Answer] | None:
        """Carry them out as one transaction: all, or none. None, or the first refusal and the message's place.

        Raises `KernelWithoutNftables`, `NotPermitted`, `KernelRefused` (of the whole) or `KernelSilent`.
        """
        refused = self._channel.transact([table.begin(), *messages, table.end()])
        if refused is None:
            return None
        place, answer = refused
        if answer.errno in (errno.EPERM, errno.EACCES):
            raise not_permitted(answer)
        if answer.errno in _NO_SUBSYSTEM:
            raise without_nftables()
        if place == 0:
            raise KernelRefused(f"the kernel refuses the change as a whole: {answer.reason}")
        return place - 1, answer

    def ask(self, requests: Sequence[bytes]) -> list[Answer]:
        """The answer to each; one that is not there has the errno `NOT_THERE`. Raises as `change` does."""
        answers = self._channel.exchange(requests) if requests else []
        for answer in answers:
            if answer.errno in (errno.EPERM, errno.EACCES):
                raise not_permitted(answer)
            if answer.errno in (*_NO_SUBSYSTEM, errno.EINVAL):
                raise without_nftables()
            if answer.errno not in (0, NOT_THERE):
                raise KernelRefused(f"the kernel does not tell what steering has set up: {answer.reason}")
        return answers

    def close(self) -> None:
        """Close the socket."""
        self._channel.close()


def without_nftables(part: str = "") -> KernelWithoutNftables:
    """The error for a kernel that lacks nf_tables, or a part of it."""
    what = f"this kernel's nftables cannot do '{part}'" if part else "this kernel has no nftables"
    modules = "nf_tables, nft_ct, nft_masq and nft_chain_nat, Linux 5.2 or newer"
    hint = f"it takes the modules {modules}; OpenWrt: install kmod-nft-core and kmod-nft-nat, Debian: linux-image-amd64"
    return KernelWithoutNftables(what, hint)


def not_permitted(answer: Answer) -> NotPermitted:
    """The error for a process that may not steer."""
    return NotPermitted(f"this process may not steer: {answer.reason}", HINT)
