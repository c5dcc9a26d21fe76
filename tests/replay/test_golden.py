"""Recorded traces: what the laws decide on them stays what it is."""

import csv
from pathlib import Path

import pytest

from tests.classic.transcription import PROFILES, Law
from tests.replay.golden import FIXTURES, cases, decide, golden_path

golden = pytest.mark.parametrize(("trace", "profile"), list(cases()))


@golden
def test_the_classic_law_decides_what_it_decided(trace: str, profile: str, tmp_path: Path) -> None:
    decide(trace, profile, tmp_path / "decisions.csv")
    assert (tmp_path / "decisions.csv").read_text() == golden_path(trace, profile).read_text()


@golden
def test_the_golden_decisions_are_those_of_the_transcription(trace: str, profile: str) -> None:
    with (FIXTURES / trace).open() as file:
        answers = [
            (round(float(row["t_s"]) * 1e6) + round(float(row["rtt_ms"]) * 1e3), float(row["rtt_ms"]))
            for row in csv.DictReader(file)
            if row["rtt_ms"]
        ]
    with golden_path(trace, profile).open() as file:
        rows = list(csv.DictReader(file))
    law = Law(PROFILES[profile])
    for row in rows:
        now_us = int(row["t_ms"]) * 1_000
        came = [rtt for at_us, rtt in answers if now_us - 50_000 < at_us <= now_us]
        if len(came) > 3:  # more answers at once than the transcription takes: the middle of them
            came.sort()
            middle = len(came) // 2
            came = [came[middle]] if len(came) % 2 else came[middle - 1 : middle + 1]
        m, load, base, delta, down, down_bps, up, up_bps, *applied = law.cycle(int(row["t_ms"]), came)
        delays = [float(row[name]) for name in ("load_rtt_ms", "baseline_ms", "delta_ms")]
        assert delays == pytest.approx([load, base, delta], abs=1e-6), row
        assert row["rtt_ms"] == ("" if m is None else f"{m:.12g}"), row
        decided = [row[name] for name in ("download_state", "download_bps", "upload_state", "upload_bps")]
        assert decided == [down, str(down_bps), up, str(up_bps)], row
        written = [row["applied_download_bps"], row["applied_upload_bps"]]
        assert written == ["" if rate is None else str(rate) for rate in applied], row


def test_the_default_law_rides_out_a_stall_without_a_cut(tmp_path: Path) -> None:
    wan = decide("5g-stall.csv", "cable", tmp_path / "out.csv", law="default").outcome.wans["cable"]
    assert wan.download.cuts == wan.upload.cuts == 0
    assert any(leaf.startswith("connectivity.OUTAGE") for leaf in wan.leaf_ns)


def test_the_default_law_sees_the_queue_of_an_unshaped_cable_modem_within_seconds(tmp_path: Path) -> None:
    decide("docsis-rrul.csv", "cable", tmp_path / "out.csv", law="default")
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    first = next(float(row["t_ms"]) for row in rows if {row["download_state"], row["upload_state"]} != {"GREEN"})
    assert 5_000 < first < 10_000  # load from 5 s on
