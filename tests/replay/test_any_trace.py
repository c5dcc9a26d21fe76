"""Whatever a trace holds, a replay comes to an end, and what is wanted stays within the limits."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.replay.feed import Feed
from wanctl.replay.rates import Rates
from wanctl.replay.replayer import Replayer
from wanctl.replay.rowfile import RowFile
from wanctl.replay.subject import from_profile
from wanctl.replay.trace import Trace

# A stretch of probes: how many, how far apart (ms), round trip (ms, None: lost), jitter (ms), reflectors, Mbit/s.
stretch = st.tuples(
    st.integers(1, 60),
    st.sampled_from([5, 25, 50, 50, 200, 1_000, 4_000]),
    st.none() | st.sampled_from([0.0, 12.0, 24.0, 45.0, 90.0, 400.0, 1_700.0, 6_000.0]),
    st.sampled_from([0.0, 1.0, 9.0, 300.0]),
    st.integers(1, 3),
    st.none() | st.sampled_from([0.0, 0.05, 30.0, 600.0]),
    st.none() | st.sampled_from([0.0, 0.05, 8.0, 40.0]),
)


def write(folder: Path, stretches: list[tuple], *, rates: bool) -> tuple[str, str | None]:
    now_ms, probes, rows = 0.0, ["t_s,reflector,rtt_ms\n"], ["t_s,dl_rx_mbit,ul_tx_mbit\n"]
    for count, apart, rtt, jitter, reflectors, down, up in stretches:
        for number in range(count):
            text = "" if rtt is None else f"{rtt + jitter * ((number * 7919) % 97) / 97:.2f}"
            probes.append(f"{now_ms / 1_000:.3f},r{number % reflectors},{text}\n")
            now_ms += apart
            measured = ",".join("" if rate is None else str(rate) for rate in (down, up))
            rows.append(f"{now_ms / 1_000:.3f},{measured}\n")
    (folder / "t.csv").write_text("".join(probes))
    (folder / "t.rates.csv").write_text("".join(rows))
    return str(folder / "t.csv"), str(folder / "t.rates.csv") if rates else None


@pytest.mark.parametrize("law", ["default", "classic"])
@settings(max_examples=20, deadline=None)
@given(stretches=st.lists(stretch, min_size=1, max_size=6), rates=st.booleans())
def test_any_trace_is_replayed_to_its_end(law: str, stretches: list, rates: bool, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("any")
    path, beside = write(folder, stretches, rates=rates)
    subject = from_profile("dsl", law)
    feed = Feed(Trace(path), subject.wans[0], Rates(beside, subject.wans[0]) if beside else None)
    file = RowFile(str(folder / "out.csv"))
    outcome = Replayer(subject.build(feed.first[1]), subject.wans, feed, file, more_columns=law != "classic").run()
    file.finish()
    wan, plan = outcome.wans[subject.wans[0]], subject.plan.wans[0]
    for direction, limits in ((wan.download, plan.download), (wan.upload, plan.upload)):
        assert direction.lowest_bps is not None
        assert limits.floor_bps <= direction.lowest_bps <= direction.highest_bps <= limits.ceiling_bps
    assert outcome.faults == {}
    assert (folder / "out.csv").read_text().count("\n") == outcome.ticks + 1


def test_an_outage_seen_by_one_probe_a_second_ends_like_any_other(tmp_path: Path) -> None:
    """After such an outage there is a tick with no probe on its way and none in its second: the replay died of it."""
    rtts = [*["30"] * 3, *[""] * 6, "3784", "3784", "41", "43", "42", "40", "41"]
    (tmp_path / "t.csv").write_text("t_s,reflector,rtt_ms\n" + "".join(f"{t},r1,{rtt}\n" for t, rtt in enumerate(rtts)))
    rates = [*[0.03] * 2, *[0] * 7, *[0.4] * 7]
    (tmp_path / "r.csv").write_text(
        "t_s,dl_rx_mbit,ul_tx_mbit\n" + "".join(f"{t},{r},0.1\n" for t, r in enumerate(rates))
    )
    subject = from_profile("cable", "default")
    feed = Feed(Trace(str(tmp_path / "t.csv")), "cable", Rates(str(tmp_path / "r.csv"), "cable"))
    outcome = Replayer(subject.build(0), subject.wans, feed).run()
    assert outcome.wans["cable"].leaf_ns["connectivity.OUTAGE"] > 0
