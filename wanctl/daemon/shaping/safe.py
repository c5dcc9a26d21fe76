"""Leaving the router right without the daemon: every queue of a site goes back to its ceiling.

For `wanctl safe`, and so for the unit's ExecStopPost: nothing that a daemon left behind is needed, no machine and no
state. What is at its ceiling already is not written; doing it twice does no harm. It never waits longer than it is
told, whatever a router or a resolver does: the work is done in a thread that is left behind when the time is over.

Entries of address lists go by themselves. Whatever else a site may leave on a router has its place in `_Restoration`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wanctl.config import SiteFile
from wanctl.daemon.clock import Clock
from wanctl.daemon.shaping.connect import Transport, connect, targets_of, transports
from wanctl.routeros import Ambiguous, Denied, NotFound, Queues, Refused, RouterError, SimpleLimit, Untrusted

PAUSE_S = 0.25  # between two rounds; a router that comes back does so in seconds
_BYTE_BITS = 8
MOST_REFUSALS = 3  # of one queue: a "no" may be a write that was done, or half done, and is read back

Outcome = Literal["pending", "already", "written", "failed"]
Opener = Callable[[SiteFile, Clock, Transport], Queues]


@dataclass(slots=True)
class Queue:
    """One queue: an entry of the queue tree or a device with one limit, or a simple queue with one or two."""

    name: str
    simple: bool
    ceilings_bps: dict[str, int]  # by direction
    before_bps: dict[str, int] = field(default_factory=dict)  # 0 is "unlimited"
    outcome: Outcome = "pending"
    reason: str = ""  # why it is not at its ceiling
    refusals: int = 0

    def is_at_ceiling(self, rates_bps: dict[str, int]) -> bool:
        """Whether these are its ceilings; CAKE holds whole bytes a second."""
        return all(abs(rates_bps[name] - ceiling_bps) < _BYTE_BITS for name, ceiling_bps in self.ceilings_bps.items())

    def refuse(self, reason: str) -> None:
        """Note a no; the last of them is final."""
        self.reason = reason
        self.refusals += 1
        if self.refusals >= MOST_REFUSALS:
            self.outcome = "failed"

    def as_dict(self) -> dict[str, object]:
        """The queue for `--json`."""
        return {
            "queue": self.name,
            "kind": "simple" if self.simple else "tree",
            "ceilings_bps": self.ceilings_bps,
            "before_bps": self.before_bps,
            "outcome": self.outcome,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Restored:
    """What became of it. `troubles` are what kept a transport from doing it, in order."""

    queues: list[Queue]
    transport: Transport | None = None  # the last that did something
    troubles: dict[Transport, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every queue is at its ceiling."""
        return all(queue.outcome in ("already", "written") for queue in self.queues)

    @property
    def is_answered(self) -> bool:
        """Whether the router has said yes or no about each queue."""
        return all(queue.outcome != "pending" for queue in self.queues)


def restore(file: SiteFile, clock: Clock, patience_ns: int, opener: Opener = connect) -> Restored:
    """Put every queue of a site back to its ceiling within `patience_ns`, over the first transport that works."""
    work = _Restoration(file, clock, clock.monotonic_ns() + patience_ns, opener)
    thread = threading.Thread(target=work.run, name="safe", daemon=True)
    thread.start()
    thread.join(patience_ns / 1e9)
    work.is_over.set()
    if work.failure is not None:
        raise work.failure
    return work.restored


class _Restoration:
    """The work, in its own thread."""

    def __init__(self, file: SiteFile, clock: Clock, until_ns: int, opener: Opener) -> None:
        self._file, self._clock, self._until_ns, self._opener = file, clock, until_ns, opener
        self.restored = Restored(list(_queues(file)))
        self.is_over = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Go over the transports, again and again, until everything has an outcome or the time is over."""
        try:
            useless: set[Transport] = set()
            while not self._is_done():
                for transport in transports(self._file):
                    if transport not in useless and not self._is_done() and not self._over(transport):
                        useless.add(transport)
                if useless >= set(transports(self._file)):
                    return
                self.is_over.wait(PAUSE_S)
        except BaseException as error:  # noqa: BLE001  (raised by `restore`, in the thread that asked)
            self.failure = error

    def _is_done(self) -> bool:
        return self.restored.is_answered or self.is_over.is_set() or self._clock.monotonic_ns() >= self._until_ns

    def _over(self, transport: Transport) -> bool:
        """Do what is left over one transport; whether it is worth another attempt."""
        try:
            router = self._opener(self._file, self._clock, transport)
        except (Untrusted, Denied) as error:
            self.restored.troubles[transport] = str(error)
            return False
        try:
            for queue in self.restored.queues:
                if queue.outcome == "pending" and not self.is_over.is_set():
                    self._queue(router, queue)
                    self.restored.transport = transport
        except (Untrusted, Denied) as error:
            self.restored.troubles[transport] = str(error)
            return False
        except RouterError as error:
            self.restored.troubles[transport] = str(error)
        finally:
            router.close()
        return True

    def _queue(self, router: Queues, queue: Queue) -> None:
        """One queue. What only another attempt or another transport can mend is raised."""
        try:
            has_bps = _read(router, queue)
            queue.before_bps = queue.before_bps or has_bps
            if queue.is_at_ceiling(has_bps):
                queue.outcome = "already" if queue.before_bps == has_bps else "written"
            elif queue.is_at_ceiling(now_bps := _write(router, queue)):
                queue.outcome = "written"
            else:
                queue.refuse(f"the router has {now_bps} after the write")
        except (NotFound, Ambiguous) as error:
            queue.outcome, queue.reason = "failed", str(error)
        except Refused as error:
            queue.refuse(str(error))


def _queues(file: SiteFile) -> list[Queue]:
    """The queues of a site, each once: both sides of a simple queue go out in one write."""
    queues: dict[tuple[bool, str], Queue] = {}
    for target in targets_of(file):
        queue = queues.setdefault((target.simple, target.queue), Queue(target.queue, target.simple, {}))
        queue.ceilings_bps[target.direction] = target.ceiling_bps
    return list(queues.values())


def _read(router: Queues, queue: Queue) -> dict[str, int]:
    """The limits that the router has, of those directions that the site shapes."""
    if not queue.simple:
        rate_bps = router.read_tree(queue.name).max_limit_bps
        return dict.fromkeys(queue.ceilings_bps, rate_bps)
    found = router.read_simple(queue.name)
    return _sides(queue, SimpleLimit(found.upload_bps, found.download_bps))


def _write(router: Queues, queue: Queue) -> dict[str, int]:
    """Write the ceilings; the limits that the router then has."""
    ceilings = queue.ceilings_bps
    if not queue.simple:
        (ceiling_bps,) = ceilings.values()
        return dict.fromkeys(ceilings, router.set_tree_limit(queue.name, ceiling_bps))
    return _sides(queue, router.set_simple_limit(queue.name, ceilings.get("upload"), ceilings.get("download")))


def _sides(queue: Queue, limit: SimpleLimit) -> dict[str, int]:
    both = {"download": limit.download_bps, "upload": limit.upload_bps}
    return {direction: both[direction] for direction in queue.ceilings_bps}
