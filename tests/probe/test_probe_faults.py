"""Faults of a network, each happening to a WAN of its own in a network namespace; see faults_in_namespace.py."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BEGIN_S, END_S = 4.0, 10.0
UP = "connectivity.UP.ICMP"
START_BPS = 25_000_000


@pytest.fixture(scope="module")
def wans() -> dict[str, Any]:
    """What each WAN went through."""
    mine = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *mine, "--net"]
    make_tun = "from tests.probe.network import ip, open_tun; open_tun('wan0'); ip('link', 'set', 'wan0', 'up')"
    root = Path(__file__).parents[2]
    try:
        subprocess.run([*unshare, sys.executable, "-c", make_tun], check=True, capture_output=True, cwd=root)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine does not permit network namespaces with TUN devices: {error}")
    command = [*unshare, sys.executable, "-m", "tests.probe.faults_in_namespace"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def path(wan: dict[str, Any]) -> list[str]:
    """The states of connectivity that a WAN went through from the moment the fault began."""
    return [target.removeprefix("connectivity.") for _at_s, _source, target in wan["moves"]]


def test_every_wan_is_well_in_the_end_without_a_restart(wans: dict[str, Any]) -> None:
    assert {name: wan["states"][0] for name, wan in wans.items()} == dict.fromkeys(wans, UP)
    assert [name for name, wan in wans.items() if wan["problems"]] == []
    for name, wan in wans.items():
        assert wan["source"] == ("udp" if name.startswith("resolvers") else "icmp")


def test_no_fault_of_sight_moves_a_rate(wans: dict[str, Any]) -> None:
    blind = (
        "icmp blocked",
        "tcp blocked",
        "both blocked",
        "outage",
        "no route",
        "interface down",
        "silent",
        "low",
        "high",
    )
    for name in blind:
        assert wans[name]["rates"] == {"before": [START_BPS], "during": [START_BPS], "after": [START_BPS]}, name


def test_when_echoes_are_blocked_the_wan_falls_back_to_tcp_and_returns(wans: dict[str, Any]) -> None:
    wan = wans["icmp blocked"]
    assert path(wan) == ["UP.TCP_FALLBACK", "UP.ICMP"]
    assert wan["moves"][1][0] >= END_S
    assert wan["unknown"] < 0.5


def test_when_tcp_is_blocked_nothing_happens(wans: dict[str, Any]) -> None:
    assert path(wans["tcp blocked"]) == []


def test_when_both_are_blocked_while_traffic_flows_the_wan_is_blind(wans: dict[str, Any]) -> None:
    assert path(wans["both blocked"]) == ["DEGRADED", "BLIND", "UP.LAST"]


def test_when_nothing_comes_at_all_it_is_an_outage(wans: dict[str, Any]) -> None:
    assert path(wans["outage"]) == ["DEGRADED", "OUTAGE", "UP.LAST"]


def test_an_interface_that_goes_down_and_up_is_an_outage_without_a_loss(wans: dict[str, Any]) -> None:
    wan = wans["interface down"]
    assert path(wan) == ["DEGRADED", "OUTAGE", "UP.LAST"]
    assert wan["counters"]["local_failures"] > 100
    assert wan["counters"]["unanswered"] <= 4


def test_a_default_route_that_is_gone_is_blindness_without_a_loss(wans: dict[str, Any]) -> None:
    wan = wans["no route"]
    assert path(wan) == ["DEGRADED", "BLIND", "UP.LAST"]
    assert wan["counters"]["local_failures"] > 100
    assert wan["counters"]["unanswered"] <= 4


def test_a_silent_reflector_rests_and_is_no_loss_of_the_link(wans: dict[str, Any]) -> None:
    assert path(wans["silent"]) == []
    assert wans["silent"]["resting"] == ["198.51.100.3"]
    assert [name for name, wan in wans.items() if wan["resting"] and "silent" not in name] == []


def test_a_reflector_that_answers_too_early_or_too_late_changes_nothing(wans: dict[str, Any]) -> None:
    assert path(wans["low"]) == path(wans["high"]) == []


def test_a_reflector_that_does_not_feel_the_queue_is_not_believed(wans: dict[str, Any]) -> None:
    assert wans["deaf"]["deaf"] == ["198.51.100.3"]
    assert [name for name, wan in wans.items() if wan["deaf"]] == ["deaf"]


def test_few_losses_are_counted_and_many_degrade_the_wan(wans: dict[str, Any]) -> None:
    assert path(wans["1 % lost"]) == path(wans["5 % lost"]) == []
    assert path(wans["30 % lost"]) == ["DEGRADED", "UP.LAST"]
    lost = [wans[name]["counters"]["unanswered"] for name in ("1 % lost", "5 % lost", "30 % lost")]
    assert lost == sorted(lost)
    assert lost[2] > 30


def test_duplicates_are_counted_and_answers_out_of_order_are_none(wans: dict[str, Any]) -> None:
    assert path(wans["duplicates"]) == path(wans["reordering"]) == []
    assert wans["duplicates"]["counters"]["duplicate"] > 200
    assert wans["reordering"]["counters"]["duplicate"] == 0
    assert wans["reordering"]["counters"]["unanswered"] <= 4


def test_resolvers_and_times_are_judged_as_echoes_are(wans: dict[str, Any]) -> None:
    assert wans["resolvers, one silent"]["resting"] == ["dns://198.51.100.3:53"]
    assert wans["times, one silent"]["resting"] == ["timestamp://198.51.100.3"]
    for name in ("resolvers, one silent", "times, one silent", "times, one late"):
        assert path(wans[name]) == []


def test_resolvers_that_answer_twice_or_out_of_order_are_measured_all_the_same(wans: dict[str, Any]) -> None:
    doubled, shuffled = wans["resolvers, answers doubled"], wans["resolvers, answers shuffled"]
    assert path(doubled) == path(shuffled) == []
    assert doubled["counters"]["duplicate"] > 200
    assert shuffled["counters"]["duplicate"] == 0
    assert shuffled["counters"]["unanswered"] <= 4
    assert doubled["counters"]["foreign"] == shuffled["counters"]["foreign"] == 0


def test_where_resolvers_are_blocked_handshakes_take_their_place(wans: dict[str, Any]) -> None:
    assert path(wans["resolvers, UDP blocked"]) == ["UP.TCP_FALLBACK", "UP.ICMP"]
