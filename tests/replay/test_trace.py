"""Traces are read row by row; what cannot be a measurement is an error with its line, or skipped and counted."""

import gzip
from pathlib import Path

import pytest

from wanctl.engine import FileError
from wanctl.replay.trace import Trace

PROBES = "t_s,reflector,rtt_ms\n"
TICKS = "t_ms,rtt_ms\n"


def write(folder: Path, text: str | bytes, name: str = "trace.csv") -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def rows(path: str, *, tolerant: bool = False) -> tuple[list, Trace]:
    trace = Trace(path, tolerant=tolerant)
    return list(trace.ticks() if trace.is_ticks else trace.probes()), trace


def refusal(path: str) -> str:
    with pytest.raises(FileError) as caught:
        rows(path)
    (item,) = caught.value.findings
    assert item.hint
    return item.concise().removeprefix(path).removeprefix(":")


def test_a_probe_has_its_time_of_sending_and_its_round_trip(tmp_path: Path) -> None:
    found, _ = rows(write(tmp_path, PROBES + "0.05,r1,24.5\n0.1,r1,\n"))
    assert found == [(50_000_000, "", "r1", 24_500_000), (100_000_000, "", "r1", None)]


def test_a_trace_of_several_wans_names_them(tmp_path: Path) -> None:
    found, trace = rows(write(tmp_path, "t_s,wan,reflector,rtt_ms\n0,att,r1,40.9\n0,lte,r1,51\n"))
    assert trace.has_wans
    assert [row[1] for row in found] == ["att", "lte"]


def test_a_tick_row_keeps_its_time_as_it_was_written(tmp_path: Path) -> None:
    found, _ = rows(write(tmp_path, TICKS + "0,24\n50.0,24.1\n1e2,\n"))
    assert [row[:4] for row in found] == [
        ("0", 0, "24", 24_000_000),
        ("50.0", 50_000_000, "24.1", 24_100_000),
        ("1e2", 100_000_000, "", None),
    ]


def test_a_tcp_time_counts_where_the_echo_is_missing_and_the_gateway_does_not_count(tmp_path: Path) -> None:
    text = "t_ms,rtt_ms,tcp_rtt_ms,gateway_ok\n0,24,31,1\n50,,31,0\n100,,,what ever\n"
    found, _ = rows(write(tmp_path, text))
    assert [row[2:] for row in found] == [("24", 24_000_000, "icmp"), ("31", 31_000_000, "tcp"), ("", None, "tcp")]


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    found, _ = rows(write(tmp_path, "rtt_ms,t_s,reflector\n7,1,r9\n"))
    assert found == [(1_000_000_000, "", "r9", 7_000_000)]


def test_a_packed_trace_and_one_with_windows_line_ends_are_read_alike(tmp_path: Path) -> None:
    text = PROBES + "".join(f"{number / 20:.2f},r1,{20 + number % 7}\n" for number in range(9_000))
    plain, _ = rows(write(tmp_path, text))
    packed, _ = rows(write(tmp_path, gzip.compress(text.encode()), "trace.csv.gz"))
    windows, _ = rows(write(tmp_path, "\ufeff" + text.replace("\n", "\r\n"), "windows.csv"))
    assert plain == packed == windows
    assert len(plain) == 9_000


FAULTS = {
    "a torn row": ("0.1,r1,24\n0.15,r", "4: error[WC704]: the file ends in the middle of a row"),
    "a whole row without its newline": ("0.1,r1,24\n0.15,r1,24", "4: error[WC704]: the file ends in the middle of"),
    "a row torn in the middle": ("0.1,r1\n0.15,r1,24\n", "3: error[WC704]: the row has 2 fields, the header 3"),
    "an empty line": ("\n", "3: error[WC704]: the row has 1 fields, the header 3"),
    "two rows in one": ("0.1,r1,24,0.15,r1,24\n", "3: error[WC704]: the row has 6 fields, the header 3"),
    "a negative time": ("0.1,r1,-24\n", "3: error[WC706]: rtt_ms is negative: -24"),
    "not a number": ("0.1,r1,2 4\n", "3: error[WC705]: rtt_ms is not a number: '2 4'"),
    "a number only Python knows": ("0.1,r1,1_000\n", "3: error[WC705]: rtt_ms is not a number: '1_000'"),
    "nan": ("0.1,r1,nan\n", "3: error[WC706]: rtt_ms is nan"),
    "infinity": ("0.1,r1,inf\n", "3: error[WC706]: rtt_ms is inf"),
    "another unit": ("0.1,r1,24000000\n", "3: error[WC706]: rtt_ms is too large"),
    "no time": (",r1,24\n", "3: error[WC705]: t_s is empty"),
    "time is nan": ("nan,r1,24\n", "3: error[WC706]: t_s is nan"),
    "time before the start": ("-1,r1,24\n", "3: error[WC706]: t_s is negative"),
    "time that goes back": ("0.04,r1,24\n", "3: error[WC707]: t_s goes back from 0.05 to 0.04"),
    "time that leaps": ("90000,r1,24\n", "3: error[WC707]: t_s jumps by more than a day"),
    "a name that is none": ("0.1,\x00\x01,24\n", "3: error[WC708]: '\\x00\\x01' is no name of a reflector"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_faulty_row_is_an_error_with_its_line_or_skipped_and_counted(case: str, tmp_path: Path) -> None:
    text, wanted = FAULTS[case]
    path = write(tmp_path, PROBES + "0.05,r1,24\n" + text)
    assert refusal(path).split(":", 1)[0] == wanted.split(":", 1)[0]
    assert wanted.split(":", 1)[1].strip() in refusal(path)
    found, trace = rows(path, tolerant=True)
    assert trace.faults.count == 1
    assert found[0] == (50_000_000, "", "r1", 24_000_000)
    assert f"skipped 1 row of {path}" in trace.faults.describe()
    assert trace.faults.describe().endswith(f"line {wanted.split(':', 1)[0]}")


def test_a_faulty_tcp_time_is_found_although_the_echo_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "t_ms,rtt_ms,tcp_rtt_ms\n0,24,-1\n")
    assert "2:1: error[WC706]: tcp_rtt_ms is negative" in refusal(path)


def test_every_cut_of_a_trace_is_refused_or_loses_whole_rows_only(tmp_path: Path) -> None:
    text = PROBES + "0.05,r1,24.25\n0.1,r1,\n0.15,r1,23\n"
    whole = rows(write(tmp_path, text))[0]
    for length in range(len(PROBES) + 1, len(text)):
        path = write(tmp_path, text[:length])
        if text[length - 1] == "\n":
            found, _ = rows(path)
        else:
            assert "the file ends in the middle of a row" in refusal(path)
            found, _ = rows(path, tolerant=True)
        assert found == whole[: len(found)]


HEADERS = {
    "": "the trace is empty",
    "t_s,rtt_ms\n": "the column 'reflector' is missing",
    "t_ms,rtt\n": "the column 'rtt_ms' is missing",
    "t_s,reflector,rtt_ms,rtt_ms\n": "stands twice",
    "t_ms,rtt_ms,gateway\n": "unknown column 'gateway'",
    "t_s,dl_rx_mbit,ul_tx_mbit\n": "this is a rates file, not a trace",
    "a,b,c\n1,2,3\n": "no known kind of trace",
    "\x00\xff\n": "not a list of columns",
    "x" * 70_000: "a line without an end",
}


@pytest.mark.parametrize("text", HEADERS, ids=range(len(HEADERS)))
def test_a_file_that_is_no_trace_is_refused_with_what_a_trace_is(text: str, tmp_path: Path) -> None:
    assert HEADERS[text] in refusal(write(tmp_path, text.encode("latin-1")))


def test_a_damaged_archive_is_named_as_such(tmp_path: Path) -> None:
    packed = gzip.compress((PROBES + "0.05,r1,24\n" * 50_000).encode())
    assert "the compressed file is damaged" in refusal(write(tmp_path, packed[: len(packed) // 2], "trace.csv.gz"))
    assert "the compressed file is damaged" in refusal(write(tmp_path, b"no archive", "other.csv.gz"))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file or directory"):
        Trace(str(tmp_path / "none.csv"))


def test_the_line_of_a_fault_is_right_far_into_a_file(tmp_path: Path) -> None:
    good = "".join(f"{number / 20:.2f},r1,24\n" for number in range(20_000))
    assert refusal(write(tmp_path, PROBES + good + "x\n")).startswith("20002:1: error[WC704]")


@pytest.mark.parametrize("name", ["trace.csv", "trace.csv.gz"])
def test_how_far_a_trace_is_read_can_be_told_also_within_a_block(name: str, tmp_path: Path) -> None:
    text = PROBES + "".join(f"{number / 20:.2f},r1,{20 + number * 7 % 13}\n" for number in range(20_000))
    trace = Trace(write(tmp_path, gzip.compress(text.encode()) if name.endswith(".gz") else text, name))
    shares = [trace.source.share(number) for number, _ in enumerate(trace.probes(), 1)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=0.01)
    if not name.endswith(".gz"):
        assert shares[4_999] == pytest.approx(0.25, abs=0.02)
