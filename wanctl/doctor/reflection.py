"""Do the reflectors of each WAN answer? A few echoes over a second or two, to nobody but those that the site names."""

from collections.abc import Iterator
from typing import Protocol

from wanctl.config import SiteFile
from wanctl.doctor.finding import HOST, Finding, in_site
from wanctl.doctor.host import egress_of
from wanctl.probe import AddressError, ProbeError, ProbePermissionError, WanProber, parse_address
from wanctl.probe.stamp import Clock

PROBED_NS = 1_000_000_000
WAITED_NS = 1_000_000_000  # for the last answers
_TICK_NS = 50_000_000


class PatientClock(Clock, Protocol):
    """A clock that can also be waited on."""

    def sleep_until(self, due_ns: int) -> None:
        """Sleep until a moment of the monotonic clock."""
        ...


class _Answers:
    """What one WAN's reflectors did."""

    def __init__(self, prober: WanProber) -> None:
        self.prober = prober
        self.sent: set[str] = set()
        self.rtt_ms: dict[str, float] = {}  # the shortest, by reflector
        self.problem = ""

    def turn(self, now_ns: int, *, sending: bool) -> None:
        if sending:
            self.sent |= {one.reflector for one in self.prober.send(now_ns)}
        for sample in self.prober.drain(now_ns):
            rtt_ms = (sample.received_ns - sample.sent_ns) / 1e6
            self.rtt_ms[sample.reflector] = min(rtt_ms, self.rtt_ms.get(sample.reflector, rtt_ms))
        self.problem = next(iter(self.prober.problems), self.problem)


def reflection(file: SiteFile, clock: PatientClock) -> Iterator[Finding]:
    """Probe all WANs at once, and say of each which of its reflectors answered."""
    probed: dict[str, _Answers] = {}
    for name, wan in file.site.wans.items():
        try:
            addresses = [parse_address(str(reflector)) for reflector in file.reflectors(wan)]
            probed[name] = _Answers(WanProber(name, addresses, clock, egress=egress_of(wan)))
        except ProbePermissionError:
            yield Finding(HOST, "reflector.unprobed", "skip", f"{name}: its reflectors were not asked: see above")
        except (AddressError, ProbeError) as error:
            yield Finding(HOST, "reflector.unprobed", "skip", f"{name}: its reflectors could not be asked: {error}")
    if not probed:
        return
    _probe(list(probed.values()), clock)
    for name, answers in probed.items():
        yield _finding(name, answers)


def _probe(probed: list[_Answers], clock: PatientClock) -> None:
    began_ns = due_ns = clock.monotonic_ns()
    try:
        while due_ns < began_ns + PROBED_NS + WAITED_NS:
            clock.sleep_until(due_ns)
            now_ns = clock.monotonic_ns()
            for answers in probed:
                answers.turn(now_ns, sending=now_ns < began_ns + PROBED_NS)
            if now_ns >= began_ns + PROBED_NS and all(set(one.rtt_ms) >= one.sent for one in probed):
                return
            due_ns = max(due_ns + _TICK_NS, now_ns)
    finally:
        for answers in probed:
            answers.prober.close()


def _finding(name: str, answers: _Answers) -> Finding:
    silent = sorted(answers.sent - set(answers.rtt_ms))
    count = len(answers.sent)
    if not answers.sent and answers.problem:
        return Finding(HOST, "reflector.unprobed", "skip", f"{name}: its reflectors were not asked: see above")
    if not answers.rtt_ms:
        what = answers.problem or f"none of its {count} reflectors answered"
        return Finding(
            HOST,
            "reflector.none",
            "fail",
            f"{name}: {what}",
            "without answers the delay is not known, and the rates are held where they are",
            in_site(f"wans: {{{name}: {{reflectors: [ADDRESS, udp://ADDRESS:PORT]}}}}"),
        )
    fastest, slowest = min(answers.rtt_ms.values()), max(answers.rtt_ms.values())
    told = f"{len(answers.rtt_ms)} of {count} reflectors answer, in {fastest:.3g} to {slowest:.3g} ms"
    if silent:
        why = "the others carry the measurement; one that never answers is better replaced"
        return Finding(HOST, "reflector.some", "warn", f"{name}: {told}; silent: {', '.join(silent)}", why)
    return Finding(HOST, "reflector.all", "ok", f"{name}: {told}")
