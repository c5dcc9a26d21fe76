"""The replayer: a site is driven through a trace, and what is written and added up is what happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classic.driving import classic_wan
from tests.classic.transcription import PROFILES, Law
from wanctl.control.sample import Confirmation, Observation, Reading
from wanctl.decision import Decision
from wanctl.replay.decisions import COLUMNS
from wanctl.replay.feed import Feed
from wanctl.replay.replayer import Replayer
from wanctl.replay.rowfile import RowFile
from wanctl.replay.trace import Trace


class OneWan:
    """A site of one WAN under the classic law, that also keeps the confirmations it got."""

    def __init__(self, profile: str) -> None:
        self.wan = classic_wan(profile)
        self.confirmed: list[Confirmation] = []

    def tick(
        self,
        now_ns: int,
        observations: tuple[Observation, ...],
        readings: tuple[Reading, ...],
        confirmations: tuple[Confirmation, ...],
    ) -> Decision:
        self.confirmed += confirmations
        intents, transitions, faults = self.wan.tick(now_ns, observations, readings, confirmations)
        return Decision(now_ns, intents, transitions, {self.wan.name: self.wan.signals}, faults)


def trace_of(samples: list[tuple[str, str]]) -> str:
    return "t_ms,rtt_ms,tcp_rtt_ms\n" + "".join(
        f"{number * 50},{rtt},{tcp}\n" for number, (rtt, tcp) in enumerate(samples)
    )


def samples() -> Iterator[tuple[str, str]]:
    for rtt in [*["24.1"] * 8, *["60.25"] * 4, "", "", *["150"] * 6, *["24"] * 30]:
        yield rtt, ""
    yield "", "31.5"
    for _ in range(5):
        yield "23.9", "40"


@pytest.fixture
def trace(tmp_path: Path) -> str:
    path = tmp_path / "trace.csv"
    path.write_text(trace_of(list(samples())))
    return str(path)


def replayed(trace: str, profile: str = "cable") -> tuple[list[list[str]], Replayer, OneWan]:
    out = Path(trace).with_name("out.csv")
    site, file = OneWan(profile), RowFile(str(out))
    replayer = Replayer(site, ["wan"], Feed(Trace(trace), "wan", None), file)
    replayer.run()
    file.finish()
    head, *rows = out.read_text().splitlines()
    assert head == COLUMNS
    return [row.split(",") for row in rows], replayer, site


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_decisions_are_those_of_the_law_row_by_row(trace: str, profile: str) -> None:
    rows, _, _ = replayed(trace, profile)
    law = Law(PROFILES[profile])
    for number, (row, (rtt, tcp)) in enumerate(zip(rows, samples(), strict=True)):
        m, load, base, delta, down, down_bps, up, up_bps, *applied = law.cycle(
            number * 50, [float(rtt)] if rtt else [], float(tcp) if tcp else None
        )
        assert row[0] == str(number * 50)
        assert row[1] == ("" if m is None else f"{m:.12g}")
        assert [float(field) for field in row[2:5]] == pytest.approx([load, base, delta], abs=1e-6)
        assert row[5:9] == [down, str(down_bps), up, str(up_bps)]
        assert row[9:] == ["" if rate is None else str(rate) for rate in applied]


def test_a_lost_row_repeats_what_is_known_and_has_no_rtt(trace: str) -> None:
    rows, _, _ = replayed(trace)
    assert rows[12] == [rows[12][0], "", *rows[11][2:]]


def test_applied_is_empty_until_the_first_write(tmp_path: Path) -> None:
    path = tmp_path / "lost.csv"
    path.write_text("t_ms,rtt_ms\n0,\n50,24\n")
    rows, _, _ = replayed(str(path))
    assert rows[0] == ["0", "", "24", "24", "0", "GREEN", "940000000", "GREEN", "38000000", "", ""]
    assert rows[1][9:] == ["940000000", "38000000"]


def test_what_is_written_is_confirmed_at_the_next_tick(trace: str) -> None:
    _, replayer, site = replayed(trace)
    writes = replayer.outcome.wans["wan"].download.writes
    assert writes == 10
    assert [c.direction for c in site.confirmed] == ["download", "upload"] * writes


def test_the_summary_is_the_sum_of_the_rows(trace: str) -> None:
    rows, replayer, _ = replayed(trace)
    outcome = replayer.outcome
    wan = outcome.wans["wan"]
    assert (outcome.ticks, outcome.silent_ticks, outcome.end_ns) == (len(rows), 2, len(rows) * 50_000_000)
    for region, column in (("download", 5), ("upload", 7)):
        for state in ("GREEN", "YELLOW", "SOFT_RED", "RED"):
            time_ns = sum(ns for leaf, ns in wan.leaf_ns.items() if leaf.split(".")[:2] == [region, state])
            assert time_ns == sum(row[column] == state for row in rows) * 50_000_000
    for direction, column in ((wan.download, 6), (wan.upload, 8)):
        rates = [int(row[column]) for row in rows]
        assert (direction.lowest_bps, direction.highest_bps) == (min(rates), max(rates))
        assert direction.mean_bps(outcome.end_ns) == pytest.approx(sum(rates) / len(rates))
    assert wan.transitions == sum(wan.rows.values())


def test_the_longest_time_out_of_green_is_found_also_when_it_has_no_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rtts = [24.0] * 4 + [90.0] * 2 + [24.0] * 20 + [90.0] * 30
    path.write_text("t_ms,rtt_ms\n" + "".join(f"{number * 50},{rtt}\n" for number, rtt in enumerate(rtts)))
    rows, replayer, _ = replayed(str(path))
    longest = replayer.outcome.wans["wan"].download.longest
    assert longest is not None
    out = [number for number, row in enumerate(rows) if row[5] != "GREEN" and number > 20]
    assert longest.began_ns == out[0] * 50_000_000
    assert longest.lasted_ns == len(out) * 50_000_000
    assert replayer.outcome.wans["wan"].download.excursions == 2
