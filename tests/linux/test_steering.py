"""Steering on a real kernel: TCP flows through a router of namespaces while its switches turn (steering_inside.py)."""

import json
import subprocess
import sys
from typing import Any

import pytest

LIMIT_S = 120.0


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    may = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if may.returncode:
        pytest.skip("no network namespace can be made here: it takes root")
    folder = tmp_path_factory.mktemp("steering")
    line = ["unshare", "-n", sys.executable, "-m", "tests.linux.steering_inside", str(folder)]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if "KernelWithoutNftables" in ran.stderr:
        pytest.skip("this kernel lacks nftables, or a part of it")
    assert ran.returncode == 0, ran.stderr
    answers: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return answers


def test_a_host_that_is_not_prepared_is_told_all_that_is_missing(found: dict[str, Any]) -> None:
    told = "\n".join(found["unprepared"])
    assert "there is no table inet wanctl" in told
    assert "ip rule add preference 7401 fwmark 0x01000000/0x3f000000 lookup 7401" in told
    assert "ip route replace default via 10.2.0.1 dev wan-two table 7402" in told


def test_a_switch_that_nobody_prepared_says_who_does(found: dict[str, Any]) -> None:
    assert "wanctl init --steering --apply" in found["turned on unprepared"]


def test_preparing_twice_leaves_nothing_to_do(found: dict[str, Any]) -> None:
    assert found["applied"] == [[], []]


def test_a_class_is_at_home_while_no_switch_is_on(found: dict[str, Any]) -> None:
    assert found["at home"] == "one 10.1.0.2"


def test_after_a_move_new_flows_take_the_new_link_and_old_ones_stay(found: dict[str, Any]) -> None:
    assert found["moved"] == ["two 10.2.0.2", "one 10.1.0.2"]
    assert found["moved on"] == ["three 10.3.0.2", "two 10.2.0.2", "one 10.1.0.2"]


def test_between_make_and_break_a_new_flow_is_not_lost(found: dict[str, Any]) -> None:
    assert found["while both are on"] == "two 10.2.0.2"


def test_of_flows_that_begin_during_twenty_moves_none_is_lost_and_each_stays_where_it_began(
    found: dict[str, Any],
) -> None:
    began = found["flows"]
    assert list(began.values()) == ["two 10.2.0.2", "three 10.3.0.2"] * 10
    assert found["flows later"] == began


def test_when_the_process_is_killed_new_flows_go_home_and_old_ones_stay(found: dict[str, Any]) -> None:
    assert found["before the kill"] == "two 10.2.0.2"
    assert found["after the kill"] == "one 10.1.0.2"
    assert found["after its time"] == [False, "two 10.2.0.2"]


def test_a_device_that_went_down_is_named_and_its_route_comes_back_with_it(found: dict[str, Any]) -> None:
    assert found["down"] == ["two: the device wan-two is down"]
    assert found["up again"] == [["two"], []]


def test_preparing_again_leaves_a_switch_on(found: dict[str, Any]) -> None:
    assert found["apply keeps a switch"] == [[], True]


def test_what_is_printed_is_what_is_installed(found: dict[str, Any]) -> None:
    if "printed and installed" not in found:
        pytest.skip("nft(8) is not here: apt install nftables")
    installed, printed = found["printed and installed"]
    assert installed == printed


def test_what_somebody_else_did_is_seen(found: dict[str, Any]) -> None:
    if "changed" not in found:
        pytest.skip("nft(8) is not here: apt install nftables")
    assert found["somebody else's"] == [True, None]  # on, without an end
    assert "the chain classify has a rule that is not ours: 'foreign'" in found["changed"]


def test_taking_it_away_leaves_nothing_and_a_second_time_does_no_harm(found: dict[str, Any]) -> None:
    assert "74" not in found["left"][0]
    assert "proto 74" not in found["left"][1]
