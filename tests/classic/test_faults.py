"""What is known to be wrong with the classic law, each as one small trace. It is reproduced on purpose, not mended."""

from tests.classic.driving import Cycle, Driven
from wanctl.control.sample import Confirmation

MBIT = 1_000_000


class Row:
    """A row of decisions by name."""

    def __init__(self, row: tuple) -> None:
        self.load, self.baseline, self.delta, self.download, self.download_bps, self.upload, self.upload_bps, *rest = (
            row
        )
        self.applied_download_bps, self.applied_upload_bps = rest


def drive(law: Driven, rtt_ms: float | None, seconds: float, every_ms: int = 50) -> list[Row]:
    rows = []
    for _ in range(round(seconds * 1_000 / every_ms)):
        rows.append(Row(law.cycle(Cycle() if rtt_ms is None else Cycle((rtt_ms,)))))
        law.now_ms += every_ms
    return rows


def test_1_the_limit_on_writes_starves_the_cuts() -> None:
    law = Driven("cable")
    drive(law, 24.0, 1.0)
    rows = drive(law, 60.0, 58.0)
    writes = {row.applied_download_bps for row in rows[:10]}
    assert len(writes) == 9  # the tenth slot was the first write of all
    assert rows[-1].download_bps == 350 * MBIT  # what is wanted, and what logs would tell
    assert rows[-1].applied_download_bps > 600 * MBIT  # what the router has, for the rest of the minute


def test_2_soft_red_holds_while_the_milder_yellow_cuts() -> None:
    law = Driven("cable")
    rows = drive(law, 84.0, 20.0)
    assert rows[-1].download == "SOFT_RED"
    assert rows[-1].download_bps // MBIT == 866
    milder = drive(Driven("cable"), 54.0, 20.0)
    assert milder[-1].download == "YELLOW"
    assert milder[-1].download_bps == 350 * MBIT


def test_3_floors_by_state_raise_the_rate_on_the_way_back() -> None:
    law = Driven("cable")
    drive(law, 400.0, 3.0)
    rows = drive(law, 24.0, 0.4)
    steps = [(row.download, row.download_bps // MBIT) for row in rows if row.download != "RED"]
    assert steps[0] == ("SOFT_RED", 275)
    assert ("YELLOW", 350) in steps
    assert ("GREEN", 550) in steps
    assert steps.index(("GREEN", 550)) <= 4  # from 275 to 550 Mbit/s within 200 ms, before any green cycle was counted


def test_4_a_frozen_baseline_has_no_way_out() -> None:
    law = Driven("dsl")
    drive(law, 31.0, 5.0)
    rows = drive(law, 39.0, 600.0)
    assert rows[-1].download == "YELLOW"
    assert rows[-1].download_bps == 25 * MBIT
    assert rows[-1].baseline == rows[100].baseline


def test_5_a_tcp_connect_time_is_judged_by_the_icmp_baseline() -> None:
    law = Driven("dsl")
    drive(law, 24.0, 60.0)
    for _ in range(200):
        row = Row(law.cycle(Cycle((), tcp=31.0)))
        law.now_ms += 50
    assert row.download == "YELLOW"
    assert row.download_bps == 25 * MBIT
    assert row.upload_bps == 6 * MBIT


def test_6_a_jump_never_makes_red() -> None:
    law = Driven("cable")
    drive(law, 24.0, 1.0)
    (row,) = drive(law, 24.0 + 2 * 70.0, 0.05)  # the load RTT jumps by 70 ms: the limit is 12
    assert row.download == "SOFT_RED"


def test_7_a_single_outlier_costs_a_cut() -> None:
    law = Driven("cable")
    drive(law, 24.0, 1.0)
    rows = drive(law, 80.0, 0.05) + drive(law, 24.0, 0.2)
    assert rows[0].download == "YELLOW"
    assert min(row.download_bps for row in rows) == int(int(940 * MBIT * 0.96) * 0.96)


def test_8_an_outage_is_nothing_to_the_law_it_was_the_daemon_around_it_that_restarted() -> None:
    law = Driven("cable")
    before = drive(law, 24.0, 1.0)[-1]
    after = drive(law, None, 6.0)[-1]
    assert vars(after) == vars(before)


def test_9_another_interval_is_another_behaviour() -> None:
    at_20_hz = drive(Driven("cable"), 104.0, 1.0, every_ms=50)
    at_10_hz = drive(Driven("cable"), 104.0, 1.0, every_ms=100)
    assert at_20_hz[9].load - at_10_hz[4].load > 2.0  # the same half second of the same delay
    assert at_20_hz[-1].upload_bps < at_10_hz[-1].upload_bps


def test_10_what_was_written_once_is_trusted_although_the_router_forgot_it() -> None:
    law = Driven("cable")
    drive(law, 24.0, 1.0)
    forgotten = tuple(Confirmation("wan", way, 100 * MBIT, law.now_ms * 1_000_000) for way in ("download", "upload"))
    for _ in range(1_400):
        law.now_ms += 50
        intents, _, _ = law.wan.tick(law.now_ms * 1_000_000, law.samples(24.0), (), forgotten)
        assert not intents
    assert law.wan.signals.download.wanted_bps == 940 * MBIT
    assert law.wan.signals.download.applied_bps == 100 * MBIT  # at least it shows
