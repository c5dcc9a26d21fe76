"""A real CAKE in a real kernel (6.1): what is set, read and refused there."""

from typing import Any

import pytest

from tests.linux.guest import answers


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answers("tests.linux.inside", tmp_path_factory.mktemp("guest"))


def test_a_rate_is_what_tc_shows_to_the_byte(found: dict[str, Any]) -> None:
    asked, shown = found["a rate, and what tc says after it"]
    assert asked == 12_345_678
    assert shown == 12_345_678 // 8 * 8


def test_a_write_leaves_every_other_option_as_it_was(found: dict[str, Any]) -> None:
    before, after = found["the options of the qdisc before and after a write"]
    assert before == after
    assert before["overhead"] == 44
    assert before["diffserv"] == "diffserv4"


def test_no_limit_is_read_as_0_and_ended_by_a_write(found: dict[str, Any]) -> None:
    assert found["no limit, read"] == 0
    assert found["no limit, written"] == [5_000_000, 5_000_000]


def test_reading_is_silent_and_a_write_is_announced_once(found: dict[str, Any]) -> None:
    assert found["announcements of a read and of a write"] == [0, 1]


def test_devices_are_found_among_hundreds(found: dict[str, Any]) -> None:
    assert found["two hundred devices"] == [1_000_000, 200_000_000, 6_000_000]


def test_a_device_that_is_not_there_is_named_with_those_that_are(found: dict[str, Any]) -> None:
    error = found["missing device"]
    assert error["error"] == "DeviceMissing"
    assert "eth7" in error["message"]
    assert "shaped" in error["hint"]


def test_a_device_without_a_qdisc_comes_with_the_line_to_type(found: dict[str, Any]) -> None:
    error = found["no qdisc"]
    assert error["error"] == "NotCake"
    assert "no qdisc" in error["message"]
    assert "tc qdisc replace dev bare root cake bandwidth 9mbit" in error["hint"]


@pytest.mark.parametrize("how", ["another kind, written", "another kind, read"])
def test_another_kind_of_qdisc_is_named(how: str, found: dict[str, Any]) -> None:
    assert found[how]["error"] == "NotCake"
    assert "pfifo" in found[how]["message"]


def test_another_kind_of_qdisc_is_left_alone(found: dict[str, Any]) -> None:
    assert found["what the other kind is after that"] == "pfifo"


def test_a_cake_that_somebody_has_replaced_is_not_put_back(found: dict[str, Any]) -> None:
    assert found["replaced meanwhile"]["error"] == "NotCake"
    assert "fq_codel" in found["replaced meanwhile"]["message"]


def test_a_device_that_was_made_again_is_shaped_again(found: dict[str, Any]) -> None:
    assert found["made again under another number"] == [True, 7_000_000, 7_000_000]


def test_a_cake_that_the_kernel_put_there_itself_cannot_be_set_and_says_so(found: dict[str, Any]) -> None:
    assert found["the default of the kernel"]["error"] == "NotCake"
    assert "default" in found["the default of the kernel"]["message"]


def test_without_the_right_to_shape_the_capability_is_named(found: dict[str, Any]) -> None:
    assert found["without the right"].startswith("NotPermitted")
    assert "CAP_NET_ADMIN" in found["without the right"]


def test_counters_are_those_of_tc(found: dict[str, Any]) -> None:
    seen = found["counters under load"]
    assert seen["ours"] == seen["tc"]
    assert seen["ours"][2] > 0
    for ours, theirs in zip(seen["tins"], seen["tc tins"], strict=True):
        names = {
            "sent_bytes": "sent_bytes", "dropped_packets": "drops", "marked_packets": "ecn_mark",
            "backlog_bytes": "backlog_bytes", "peak_delay_us": "peak_delay_us", "average_delay_us": "avg_delay_us",
            "base_delay_us": "base_delay_us", "bulk_flows": "bulk_flows",
        }  # fmt: skip
        assert {name: ours[name] for name in names} == {name: theirs[tc] for name, tc in names.items()}
