"""A rates file becomes the byte counters that a controller would have read, when it would have read them."""

from pathlib import Path

import pytest

from wanctl.control.sample import Reading
from wanctl.engine import FileError
from wanctl.replay.rates import Rates, rates_beside

HEADER = "t_s,dl_rx_mbit,ul_tx_mbit\n"
S = 1_000_000_000


def rates(folder: Path, text: str, *, tolerant: bool = False) -> Rates:
    path = folder / "x.rates.csv"
    path.write_text(text)
    return Rates(str(path), "wan", tolerant=tolerant)


def everything(found: Rates) -> list[Reading]:
    return list(found.take(1 << 61))


def test_a_rate_is_known_when_its_interval_is_over_and_not_before(tmp_path: Path) -> None:
    found = rates(tmp_path, HEADER + "0,8,4\n1,16,8\n2,0,0\n")
    assert found.take(S - 1) == (Reading("wan", 0, 0, 0),)
    assert found.take(S) == (Reading("wan", S, 1_000_000, 500_000),)
    assert found.due_ns == 2 * S
    assert found.take(10 * S) == (Reading("wan", 2 * S, 3_000_000, 1_500_000),)


def test_after_a_gap_the_counters_begin_anew_so_that_it_does_not_look_like_an_outage(tmp_path: Path) -> None:
    found = everything(rates(tmp_path, HEADER + "0,,\n1,8,8\n2,,\n3,,\n4,16,8\n5,,\n"))
    assert [(reading.at_ns // S, reading.rx_bytes) for reading in found] == [
        (1, 0),
        (2, 1_000_000),
        (4, 0),
        (5, 2_000_000),
    ]


def test_a_short_gap_is_bridged_by_the_rate_behind_it(tmp_path: Path) -> None:
    found = everything(rates(tmp_path, HEADER + "0,8,8\n0.2,8,8\n0.4,,\n0.6,,\n0.8,16,8\n1,,\n"))
    assert [(reading.at_ns // 1_000_000, reading.rx_bytes) for reading in found] == [
        (0, 0),
        (200, 200_000),
        (400, 400_000),
        (1_000, 1_600_000),
    ]


def test_a_direction_that_was_not_measured_carries_the_acknowledgements_of_the_other(tmp_path: Path) -> None:
    found = everything(rates(tmp_path, HEADER + "0,8,\n1,,16\n2,8,\n"))
    assert [(reading.rx_bytes, reading.tx_bytes) for reading in found] == [
        (0, 0),
        (1_000_000, 20_000),
        (1_040_000, 2_020_000),
    ]


def test_more_columns_may_follow(tmp_path: Path) -> None:
    found = everything(rates(tmp_path, "t_s,dl_rx_mbit,ul_tx_mbit,dl_shaped_mbit\n0,8,8,\n1,8,8,90\n"))
    assert found[-1].rx_bytes == 1_000_000


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("t_s,dl_rx_mbit\n0,1\n", "the column 'ul_tx_mbit' is missing"),
        (HEADER, "holds no row"),
        (HEADER + "0,1\n", "2:1: error[WC704]"),
        (HEADER + "0,1,1\n1,1,-1\n", "3:1: error[WC706]: ul_tx_mbit is negative"),
        (HEADER + "0,1,1\n1,nan,1\n", "3:1: error[WC706]: dl_rx_mbit is nan"),
        (HEADER + "1,1,1\n0,1,1\n", "3:1: error[WC707]: t_s goes back"),
        (HEADER + "0,1,1\n1,1", "3:1: error[WC704]: the file ends in the middle of a row"),
    ],
)
def test_a_faulty_rates_file_is_refused(text: str, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        everything(rates(tmp_path, text))
    assert wanted in next(iter(caught.value.findings)).concise()


def test_faulty_rows_are_skipped_when_that_is_wanted(tmp_path: Path) -> None:
    found = rates(tmp_path, HEADER + "0,8,8\nx,8,8\n1,8,8\n2,8", tolerant=True)
    assert everything(found)[-1] == Reading("wan", S, 1_000_000, 1_000_000)
    assert found.faults.count == 2


def test_the_rates_beside_a_trace_are_found_by_name(tmp_path: Path) -> None:
    for name in ("a.csv", "a.rates.csv", "b.rtt.csv", "b.rates.csv", "c.csv", "d.csv.gz", "d.rates.csv.gz"):
        (tmp_path / name).touch()
    found = {name: rates_beside(str(tmp_path / name)) for name in ("a.csv", "b.rtt.csv", "c.csv", "d.csv.gz", "-")}
    assert {name: Path(path).name if path else None for name, path in found.items()} == {
        "a.csv": "a.rates.csv",
        "b.rtt.csv": "b.rates.csv",
        "c.csv": None,
        "d.csv.gz": "d.rates.csv.gz",
        "-": None,
    }
