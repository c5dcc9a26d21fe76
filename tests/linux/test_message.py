"""Messages to and from the kernel, byte for byte, as a kernel 6.1 gave them (recorded by tests/linux/inside.py)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanctl.linux.channel import messages, refusal
from wanctl.linux.message import bytes_of, change_rate, list_qdiscs, qdisc_of, rate_of, roots_of

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures/messages.json").read_text())
CHANGED = bytes.fromhex(RECORDED["change"])
LISTED = [bytes.fromhex(line) for line in RECORDED["list"]]
INDEX = RECORDED["device_index"]
HANDLE = RECORDED["handle"]


def test_the_answer_to_a_write_tells_the_rate_in_whole_bytes() -> None:
    assert qdisc_of(CHANGED).rate_bps == 12_345_678 // 8 * 8


def test_the_rate_alone_is_the_same_as_with_all_statistics() -> None:
    for message in [CHANGED, *LISTED]:
        assert rate_of(message) == (qdisc_of(message).device_index, qdisc_of(message).rate_bps)


def test_an_answer_tells_backlog_and_tins() -> None:
    qdisc = qdisc_of(CHANGED)
    assert qdisc.kind == "cake"
    assert qdisc.device_index == INDEX
    assert qdisc.handle == HANDLE
    assert len(qdisc.tins) == 4
    assert qdisc.backlog_bytes == sum(tin.backlog_bytes for tin in qdisc.tins)
    assert qdisc.backlog_bytes > 0


def test_bytes_are_those_of_the_device() -> None:
    assert bytes_of(bytes.fromhex(RECORDED["bytes"])).tx_bytes == 70


def test_only_the_roots_of_the_named_devices_are_looked_into() -> None:
    roots = roots_of(LISTED, [INDEX])
    assert list(roots) == [INDEX]
    assert roots[INDEX].kind == "cake"
    assert roots_of(LISTED, []) == {}


def test_a_write_names_device_handle_kind_and_rate_and_creates_nothing() -> None:
    request = change_rate(7, HANDLE, 40_000_000)
    ((_, flags, _, whole),) = messages(request)
    assert flags & 0x700 == 0  # neither REPLACE, EXCL nor CREATE
    qdisc = qdisc_of(whole)
    assert (qdisc.device_index, qdisc.handle, qdisc.kind, qdisc.rate_bps) == (7, HANDLE, "cake", 40_000_000)


def test_a_list_asks_for_all_and_changes_nothing() -> None:
    ((kind, flags, _, _),) = messages(list_qdiscs())
    assert kind == 38  # RTM_GETQDISC
    assert flags & 0x300 == 0x300  # NLM_F_DUMP


@given(st.integers(1, 1 << 30), st.integers(1, (1 << 32) - 1), st.integers(8_000, 400_000_000_000))
def test_every_rate_goes_out_as_asked_to_the_byte(index: int, handle: int, rate_bps: int) -> None:
    assert qdisc_of(change_rate(index, handle, rate_bps)).rate_bps == rate_bps // 8 * 8


@pytest.mark.parametrize("cut", range(0, len(CHANGED), 61))
def test_a_datagram_that_is_cut_off_gives_no_message(cut: int) -> None:
    assert messages(CHANGED[:cut]) == []


def test_two_messages_in_one_datagram_are_two() -> None:
    assert [message for *_, message in messages(CHANGED + LISTED[0])] == [CHANGED, LISTED[0]]


def test_a_no_carries_the_words_of_the_kernel() -> None:
    words = b"Qdisc not found\0"
    attribute = (4 + len(words)).to_bytes(2, "little") + (1).to_bytes(2, "little") + words
    head = bytes(16)
    assert refusal(head + (-2).to_bytes(4, "little", signed=True) + head + attribute, 0x200) == (2, "Qdisc not found")
    assert refusal(head + (-2).to_bytes(4, "little", signed=True) + head, 0) == (2, "")
    assert refusal(head + bytes(4) + head, 0) == (0, "")
