import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("icmp_in_namespace.py")


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What happened in a network namespace, where ping sockets can be forbidden without harm to the host."""
    mine = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *mine, "--net"]
    try:
        subprocess.run([*unshare, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine does not permit network namespaces: {error}")
    done = subprocess.run([*unshare, sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_kernel_that_forbids_ping_sockets_is_named_with_its_cure(report: dict[str, Any]) -> None:
    assert 'sysctl -w net.ipv4.ping_group_range="0 2147483647"' in report["refusal"]
    assert "/etc/sysctl.d/" in report["refusal"]
    assert "CAP_NET_RAW" in report["refusal"]
    assert "udp://ADDRESS:PORT" in report["refusal"]


def test_where_ping_sockets_are_forbidden_raw_ones_measure_as_well(report: dict[str, Any]) -> None:
    raw = report["raw"]
    assert raw["answers"]["127.0.0.1"] == 10
    assert raw["sources"] == ["icmp"]
    assert (raw["foreign"], raw["unanswered"], raw["problems"]) == (0, 0, [])
    if report["six"]:
        assert raw["answers"]["::1"] == 10
    assert report["raw pinned"]["answers"] == {"127.0.0.1": 10}


def test_two_raw_probers_to_one_host_are_handed_their_own_answers_alone(report: dict[str, Any]) -> None:
    assert report["two raw at once"] == {"heard": ["cable", "lte"], "counts": [[5, 0], [5, 0]]}


def test_icmp_echoes_of_ipv4_are_answered(report: dict[str, Any]) -> None:
    both = report["both"]
    assert both["answers"]["127.0.0.1"] == 10
    assert both["sources"] == ["icmp"]
    assert both["foreign"] == 0
    assert all(0.0 < rtt_ms < 1_000.0 for rtt_ms in both["rtts_ms"])


def test_icmp_echoes_of_ipv6_are_answered_by_the_same_prober(report: dict[str, Any]) -> None:
    if not report["six"]:
        pytest.skip("this kernel has no IPv6")
    assert report["both"]["answers"]["::1"] == 10


def test_icmp_echoes_leave_from_the_source_and_device_that_were_named(report: dict[str, Any]) -> None:
    assert report["pinned"]["answers"] == {"127.0.0.1": 10}
    assert report["pinned"]["problems"] == []


def test_a_host_without_a_route_is_a_local_failure_and_the_others_are_still_measured(report: dict[str, Any]) -> None:
    no_route = report["no route"]
    assert no_route["answers"] == {"198.51.100.1": 0, "127.0.0.1": 10}
    assert (no_route["sent"], no_route["local_failures"], no_route["unanswered"]) == (10, 10, 0)


def test_a_network_that_is_down_is_no_loss(report: dict[str, Any]) -> None:
    down = report["down"]
    assert down["sent"] == 0
    assert down["local_failures"] == 10
    assert down["unanswered"] == 0


def test_two_probers_to_one_host_hear_their_own_answers_alone(report: dict[str, Any]) -> None:
    assert report["two at once"] == {"heard": ["cable", "lte"], "counts": [[5, 0], [5, 0]]}
