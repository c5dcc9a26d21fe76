"""`wanctl run` on a Linux site in a kernel with CAKE: what people and accidents do to its queues."""

import json
from typing import Any

import pytest

from tests.linux.guest import answers

START, CEILINGS = ["cake 20000000", "cake 5000000"], ["cake 40000000", "cake 10000000"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answers("tests.linux.daemon_inside", tmp_path_factory.mktemp("guest"))


def test_a_host_that_is_not_set_up_is_told_what_is_missing_and_what_to_type(found: dict[str, Any]) -> None:
    code, said = found["without qdiscs"]
    assert code == 78
    assert "there is no device ifb-wan" in said
    assert "wan has no CAKE" in said
    assert "tc qdisc replace dev wan root cake" in said


def test_a_process_that_may_not_shape_is_told_which_right_it_lacks(found: dict[str, Any]) -> None:
    code, said = found["without the right"]
    assert code == 78
    assert "CAP_NET_ADMIN" in said
    assert "Traceback" not in said


def test_a_dry_run_prints_the_commands_and_changes_nothing(found: dict[str, Any]) -> None:
    code, printed, _ = found["dry run"]
    assert code == 0
    assert "tc qdisc replace dev ifb-wan root cake bandwidth 40Mbit" in printed
    assert "cake" not in found["after a dry run"]


def test_the_queues_are_set_up_and_a_second_time_changes_nothing(found: dict[str, Any]) -> None:
    assert found["up"] == [0, "", ""]
    assert found["twice up"] == [0, "", ""]
    assert found["filters after twice up"] == 1
    assert found["queues"] == CEILINGS


def test_what_arrives_goes_through_the_ifb(found: dict[str, Any]) -> None:
    assert found["answers through the IFB"] >= 3


def test_a_running_site_shapes_both_directions(found: dict[str, Any]) -> None:
    assert found["running"] == START


def test_a_rate_that_somebody_changed_is_put_back_and_told(found: dict[str, Any]) -> None:
    assert found["somebody changed a rate"] == START
    assert "wan was changed to 1000000 bit/s by somebody else" in found["log of the day"]


def test_a_qdisc_that_somebody_replaced_is_left_alone_and_the_other_one_shaped_as_ever(found: dict[str, Any]) -> None:
    assert found["somebody replaced a qdisc"] == ["fq_codel", START[1]]
    assert "its root qdisc is fq_codel" in found["log of the day"]


def test_the_status_says_which_device_is_not_shaped(found: dict[str, Any]) -> None:
    status = json.loads(found["status meanwhile"])
    assert any("ifb-wan has no CAKE" in problem["text"] for problem in status["problems"])
    assert status["router"]["transport"] == "netlink"
    assert not any(state["path"].startswith("transport.") for state in status["router"]["states"])


def test_a_cake_that_comes_back_without_a_limit_gets_its_rate(found: dict[str, Any]) -> None:
    assert found["it is back, without a limit"] == START


def test_a_stop_leaves_the_ceilings(found: dict[str, Any]) -> None:
    assert found["exit of a stop"] == 0
    assert found["stopped"] == CEILINGS


def test_a_daemon_that_is_killed_leaves_the_link_shaped_and_safe_restores_the_ceilings(found: dict[str, Any]) -> None:
    assert found["killed"] == START
    assert found["safe after the kill"] == [0, *CEILINGS]


def test_taking_the_queues_down_leaves_nothing_and_a_second_time_does_no_harm(found: dict[str, Any]) -> None:
    assert found["down"] == [0, "", ""]
    assert "cake" not in found["after down"]
    assert "ifb-wan" not in found["after down"]
    assert found["twice down"] == [0, "", ""]
