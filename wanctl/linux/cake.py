"""CAKE on this host: read what it does, set its bandwidth, and say exactly what is in the way.

Nothing here makes, replaces or removes a qdisc, and no bandwidth is ever 0 ("unlimited"): whatever happens, a link that
was shaped stays shaped. Setting the qdiscs up is another program's work (docs/linux.md).
"""

import errno
import socket
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wanctl.linux.channel import Answer, Channel
from wanctl.linux.error import DeviceMissing, KernelRefused, KernelWithoutCake, NotCake
from wanctl.linux.kernel import cake_support, package_hint
from wanctl.linux.message import KIND, Bytes, Qdisc, bytes_of, change_rate, list_qdiscs, rate_of, read_bytes, roots_of
from wanctl.linux.permission import not_permitted

LEAST_BPS = 8_000  # below this a full packet takes longer than a second, and nothing works any more
_NO_DEVICE = (errno.ENODEV, errno.ENXIO)
_GONE = (errno.ENOENT, errno.EEXIST, errno.EINVAL)  # the CAKE that was read: no qdisc, another one, another kind


class Seen(NamedTuple):
    """What one request has read: the CAKE of each device, and the byte counters of each interface."""

    cakes: Mapping[str, Qdisc]
    bytes: Mapping[str, Bytes]


class Cake:
    """The CAKE qdiscs at the roots of this host's devices. Belongs to one thread.

    `setup` has the line that makes the CAKE of a device, for error messages: `tc qdisc replace dev ...`.
    """

    def __init__(self, channel: Channel, setup: Mapping[str, str] | None = None) -> None:
        self._channel, self._setup = channel, dict(setup or {})
        self._handles: dict[int, int] = {}  # of the CAKE that was seen last, by device

    def set_rate(self, device: str, rate_bps: int) -> int:
        """Set the bandwidth of a device's CAKE, and return the one that the kernel reports after it, in bit/s.

        CAKE counts in whole bytes a second; a rate that differs by less than one is returned as asked for. Raises
        `DeviceMissing`, `NotCake`, `KernelWithoutCake`, `NotPermitted`, `KernelRefused` or `KernelSilent`; nothing has
        changed then, but after `KernelSilent` nobody knows.
        """
        assert rate_bps >= LEAST_BPS, rate_bps
        index = index_of(device)
        answer = Answer(errno=errno.ENOENT)
        if index in self._handles:
            answer = self._change(index, rate_bps)
        if answer.errno in _GONE:  # somebody has made another CAKE since, or there is none: look, and try once more
            self.read([device])
            answer = self._change(index, rate_bps)
        if answer.errno:
            raise _refused(device, answer)
        for message in answer.messages:
            changed, has_bps = rate_of(message)
            if changed == index and has_bps is not None:
                return rate_bps if has_bps == rate_bps // 8 * 8 else has_bps
        # A kernel that does not echo: ask it.
        return self.read([device]).cakes[device].rate_bps or 0

    def read(self, devices: Sequence[str], interfaces: Sequence[str] = ()) -> Seen:
        """The CAKE of each device and the counters of each interface, in one request. Raises as `set_rate` does."""
        by_index = {index_of(device): device for device in devices}
        requests = [read_bytes(index_of(interface)) for interface in interfaces]
        answers = self._channel.exchange([*requests, list_qdiscs()] if devices else requests)
        counters = {}
        for interface, answer in zip(interfaces, answers, strict=False):
            if answer.errno or not answer.messages:
                raise _unreadable(interface, answer)
            counters[interface] = bytes_of(answer.messages[0])
        cakes = {}
        if devices:
            roots = roots_of(answers[-1].messages, list(by_index))
            for index, device in by_index.items():
                root = roots.get(index)
                if root is None or root.kind != KIND or not root.handle:
                    self._handles.pop(index, None)
                    raise self._not_cake(device, root)
                cakes[device] = root
                self._handles[index] = root.handle
        return Seen(cakes, counters)

    def close(self) -> None:
        """Close the socket."""
        self._channel.close()

    def _change(self, index: int, rate_bps: int) -> Answer:
        (answer,) = self._channel.exchange([change_rate(index, self._handles[index], rate_bps)])
        return answer

    def _not_cake(self, device: str, root: Qdisc | None) -> NotCake:
        found = root.kind if root is not None else ""
        instead = f"its root qdisc is {found}" if found and found != "noqueue" else "it has no qdisc"
        if found == KIND:
            instead = "it has the kernel's default one, whose bandwidth cannot be changed"
        if cake_support() == "absent":
            return KernelWithoutCake(
                f"{device} has no CAKE ({instead}), and this kernel has none to give", found, package_hint()
            )
        line = self._setup.get(device, f"tc qdisc replace dev {device} root cake bandwidth RATE")
        return NotCake(f"{device} has no CAKE of its own: {instead}", found, f"type: {line}")


def index_of(device: str) -> int:
    """The number of a device now: one that was made again has another. Raises `DeviceMissing`."""
    try:
        return socket.if_nametoindex(device)
    except OSError:
        raise missing(device) from None


def missing(device: str) -> DeviceMissing:
    """The error for a device that is not there, with the names of those that are."""
    present = [name for _, name in socket.if_nameindex() if name != "lo"]
    return DeviceMissing(f"there is no device {device}", f"this host has {', '.join(present[:8]) or 'none but lo'}")


def _refused(device: str, answer: Answer) -> Exception:
    if answer.errno in (errno.EPERM, errno.EACCES):
        return not_permitted(device, answer.reason)
    if answer.errno in _NO_DEVICE:
        return missing(device)
    return KernelRefused(f"the kernel refuses the bandwidth of {device}: {answer.reason}")


def _unreadable(interface: str, answer: Answer) -> Exception:
    if answer.errno in _NO_DEVICE:
        return missing(interface)
    return KernelRefused(f"the kernel does not tell the counters of {interface}: {answer.reason or 'no answer'}")
