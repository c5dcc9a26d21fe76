"""What reaches the controller, and when: an answer comes a round trip after its probe, never sooner."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.control.sample import Sample, Sent
from wanctl.replay.feed import Feed
from wanctl.replay.rates import Rates
from wanctl.replay.trace import Trace

MS = 1_000_000


def feed(folder: Path, text: str, rates: str | None = None) -> Feed:
    path = folder / "trace.csv"
    path.write_text(text)
    found = None
    if rates is not None:
        (folder / "r.csv").write_text(rates)
        found = Rates(str(folder / "r.csv"), "wan")
    return Feed(Trace(str(path)), "wan", found)


def probes(*rows: tuple[float, float | None]) -> str:
    return "t_s,reflector,rtt_ms\n" + "".join(f"{t},r1,{'' if rtt is None else rtt}\n" for t, rtt in rows)


def arrivals(ticks: Feed) -> dict[int, list[int]]:
    """Tick (ms) -> when the answers it was handed were sent (ms)."""
    return {
        now // MS: sent
        for _, now, seen, _, _ in ticks
        if (sent := [item.sent_ns // MS for item in seen if isinstance(item, Sample)])
    }


def test_an_answer_comes_at_the_first_tick_after_its_arrival(tmp_path: Path) -> None:
    assert arrivals(feed(tmp_path, probes((0, 24), (0.05, 50), (0.1, 51), (0.2, 0)))) == {
        50: [0],
        100: [50],
        200: [100, 200],
    }


def test_eleven_seconds_late_is_eleven_seconds_of_silence(tmp_path: Path) -> None:
    rows = [(0.0, 24.0), (0.05, 11_186.0), *((t / 20, None) for t in range(2, 240))]
    ticks = feed(tmp_path, probes(*rows))
    assert arrivals(ticks) == {50: [0], 11_250: [50]}
    assert (ticks.sent, ticks.lost, ticks.late) == (240, 238, 1)


def test_answers_come_in_order_of_arrival(tmp_path: Path) -> None:
    assert arrivals(feed(tmp_path, probes((0, 120), (0.05, 20), (0.06, 25), (0.3, 1)))) == {
        100: [50, 60],
        150: [0],
        350: [300],
    }


def test_a_probe_is_known_to_be_sent_at_its_time_whether_it_is_answered_or_not(tmp_path: Path) -> None:
    seen = {
        now // MS: [item.sent_ns // MS for item in items if isinstance(item, Sent)]
        for _, now, items, _, _ in feed(tmp_path, probes((0.01, 24), (0.05, None), (0.051, 9)))
    }
    assert seen == {50: [10, 50], 100: [51]}


def test_the_ticks_go_on_through_a_gap(tmp_path: Path) -> None:
    ticks = list(feed(tmp_path, probes((0, 24), (10, 24))))
    assert [now for _, now, _, _, _ in ticks] == [number * 50 * MS for number in range(202)]
    assert sum(rtt is None for *_, rtt in ticks) == 2


def test_the_replay_waits_a_second_for_answers_under_way_and_no_longer(tmp_path: Path) -> None:
    ticks = feed(tmp_path, probes((0, 5_000), (0.05, 900)))
    assert arrivals(ticks) == {950: [50]}
    assert ticks.in_flight == 1


def test_a_row_of_a_tick_trace_is_that_ticks_sample(tmp_path: Path) -> None:
    rows = list(feed(tmp_path, "t_ms,rtt_ms,tcp_rtt_ms\n0,24,\n50,2000,\n100,,31\n150,,\n"))
    assert [label for label, *_ in rows] == ["0", "50", "100", "150"]
    assert [rtt for *_, rtt in rows] == ["24", "2000", "31", ""]
    for _, now, items, _, rtt in rows:
        assert items[0] == Sent("wan", "trace", now, items[0].source)
        assert len(items) == (2 if rtt else 1)
    samples = [items[1] for _, _, items, _, rtt in rows if rtt]
    assert [(s.received_ns - s.sent_ns) // MS for s in samples if isinstance(s, Sample)] == [24, 2_000, 31]
    assert [s.source for s in samples] == ["icmp", "icmp", "tcp"]


def test_readings_come_with_the_tick_at_which_they_are_known(tmp_path: Path) -> None:
    ticks = feed(tmp_path, probes((0, 24), (0.3, 24)), "t_s,dl_rx_mbit,ul_tx_mbit\n0,8,8\n0.12,8,8\n")
    assert {now // MS: [r.rx_bytes for r in readings] for _, now, _, readings, _ in ticks if readings} == {
        0: [0],
        150: [120_000],
    }


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 400), st.none() | st.integers(0, 3_000)), min_size=1, max_size=60),
)
def test_nothing_is_told_early_twice_or_never(rows: list[tuple[int, int | None]], tmp_path_factory) -> None:
    at, sent = 0, []
    for gap, rtt in rows:
        at += gap
        sent.append((at, rtt))
    folder = tmp_path_factory.mktemp("feed")
    ticks = feed(folder, probes(*((t / 1_000, rtt) for t, rtt in sent)))
    told: list[tuple[int, int]] = []
    for _, now, items, _, _ in ticks:
        for item in items:
            due = item.received_ns if isinstance(item, Sample) else item.sent_ns
            assert now - 50 * MS < due <= now
            if isinstance(item, Sample):
                told.append((item.sent_ns // MS, (item.received_ns - item.sent_ns) // MS))
    end = sent[-1][0]
    assert sorted(told) == sorted((t, rtt) for t, rtt in sent if rtt is not None and t + rtt <= end + 1_000)
    assert ticks.in_flight == sum(rtt is not None and t + rtt > end + 1_000 for t, rtt in sent)
