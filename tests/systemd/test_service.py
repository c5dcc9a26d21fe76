"""The service as systemd runs it: start, status, credentials, reload, watchdog, crash, bad configuration, stop.

One machine for all of them, in the order in which they stand, and one test, which a failing step ends by its name: to
boot takes longer than most of them, and each begins where the one before has left the service.
"""

from collections.abc import Iterator

import pytest

from tests.systemd.machine import Machine
from wanctl.testing.world import PASSWORD

UNIT = "wanctl@home"
CEILING_BPS = 42_500_000


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    reason = Machine.why_not()
    if reason:
        pytest.skip(reason)
    machine = Machine(tmp_path_factory.mktemp("machine"))
    try:
        reason = machine.boot()
        if reason:
            pytest.skip(reason)
        machine.do("systemd-sysusers")
        machine.do("systemctl", "start", "world")
        machine.eventually(lambda: machine.run("test", "-e", "/run/world.json").returncode == 0, "the world")
        machine.do("systemctl", "start", UNIT)
        yield machine
    finally:
        machine.close()


def systemd_knows_that_it_is_ready_and_how_it_is(machine: Machine) -> None:
    assert machine.show(UNIT, "ActiveState") == "active"
    machine.eventually(lambda: "cable GREEN/GREEN 20" in machine.show(UNIT, "StatusText"), "a status line")
    assert machine.show(UNIT, "NRestarts") == "0"


def it_runs_as_a_user_of_its_own_without_any_capability(machine: Machine) -> None:
    status = machine.read(f"/proc/{machine.show(UNIT, 'MainPID')}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in fields["Uid"].split()
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert machine.do("stat", "--format=%U %G %a", "/run/wanctl/home/control.sock").split() == [
        "wanctl-home",
        "wanctl",
        "660",
    ]


def the_password_comes_as_a_credential_and_is_nowhere_else(machine: Machine) -> None:
    pid = machine.show(UNIT, "MainPID")
    assert machine.do("stat", "--format=%U %a", "/etc/wanctl/credentials/home/router.password").split() == [
        "root",
        "600",
    ]
    assert PASSWORD not in machine.read(f"/proc/{pid}/environ")
    assert PASSWORD not in machine.do("systemctl", "show", UNIT)
    assert PASSWORD not in machine.journal()
    assert CEILING_BPS // 2 in machine.world()["had"]  # it did log in


def the_verbs_reach_it(machine: Machine) -> None:
    machine.eventually(lambda: machine.run("wanctl", "status", "home").returncode == 0, "a site that is fine")
    assert "cable" in machine.do("wanctl", "why", "home")


def its_state_is_its_own(machine: Machine) -> None:
    machine.eventually(
        lambda: machine.run("test", "-e", "/var/lib/wanctl/home/site.0").returncode == 0, "a saved state"
    )
    assert machine.do("stat", "--dereference", "--format=%a", "/var/lib/wanctl/home").strip() == "700"


def a_reload_keeps_the_process_and_takes_the_file(machine: Machine) -> None:
    pid = machine.show(UNIT, "MainPID")
    machine.do("sed", "-i", "s/plan: 50Mbit/plan: 40Mbit/", "/etc/wanctl/sites/home.yaml")
    machine.do("systemctl", "reload", UNIT)
    machine.eventually(lambda: "is at work" in machine.journal(), "a reload")
    machine.eventually(lambda: machine.show(UNIT, "ActiveState") == "active", "an active unit")
    assert machine.show(UNIT, "MainPID") == pid
    assert "RUNNING → RELOADING" in machine.journal()


def a_file_with_a_fault_is_refused_and_the_service_goes_on(machine: Machine) -> None:
    machine.do("sed", "-i", "s/plan: 40Mbit/plan: 40Mbti/", "/etc/wanctl/sites/home.yaml")
    machine.do("systemctl", "reload", UNIT)
    machine.eventually(lambda: "reload refused, nothing has changed" in machine.journal(), "a refusal")
    machine.eventually(lambda: machine.show(UNIT, "ActiveState") == "active", "an active unit")
    machine.do("sed", "-i", "s/plan: 40Mbti/plan: 40Mbit/", "/etc/wanctl/sites/home.yaml")


def a_process_that_is_killed_leaves_the_ceilings_and_is_started_again(machine: Machine) -> None:
    pid, had = machine.show(UNIT, "MainPID"), len(machine.world()["had"])
    machine.do("kill", "-9", pid)
    machine.eventually(lambda: machine.show(UNIT, "NRestarts") == "1", "a restart")
    machine.eventually(lambda: machine.show(UNIT, "ActiveState") == "active", "an active unit")
    assert machine.show(UNIT, "MainPID") not in ("0", pid)
    assert 34_000_000 in machine.world()["had"][had:]  # ExecStopPost= has opened the queue meanwhile
    machine.eventually(lambda: machine.world()["download_bps"] < 34_000_000, "a shaped queue")


def a_loop_that_hangs_is_ended_by_the_watchdog(machine: Machine) -> None:
    pid = machine.show(UNIT, "MainPID")
    machine.do("kill", "-STOP", pid)
    machine.eventually(lambda: machine.show(UNIT, "NRestarts") == "2", "a restart by the watchdog")
    machine.eventually(lambda: machine.show(UNIT, "ActiveState") == "active", "an active unit")
    assert "Watchdog timeout" in machine.do("journalctl", "--no-pager", "--output=cat")


def a_stop_opens_the_queues_and_leaves_no_socket(machine: Machine) -> None:
    machine.do("systemctl", "stop", UNIT)
    assert machine.show(UNIT, "Result") == "success"
    assert machine.world()["download_bps"] == 34_000_000
    assert machine.run("test", "-e", "/run/wanctl/home").returncode == 1
    assert "DRAINING → STOPPED" in machine.journal()
    # What happened can be read without the daemon.
    assert "cable" in machine.do("wanctl", "why", "home", "--since", "1h")


def a_wrong_configuration_is_an_error_and_no_restart(machine: Machine) -> None:
    machine.do("sed", "-i", "s/plan: 40Mbit/plan: 40Mbti/", "/etc/wanctl/sites/home.yaml")
    assert machine.run("systemctl", "start", UNIT).returncode != 0
    assert machine.show(UNIT, "ActiveState") == "failed"
    assert machine.show(UNIT, "ExecMainStatus") == "78"
    assert "home.yaml:" in machine.journal()


def test_a_service_lives_through_all_of_it_under_systemd(machine: Machine) -> None:
    for step in (
        systemd_knows_that_it_is_ready_and_how_it_is,
        it_runs_as_a_user_of_its_own_without_any_capability,
        the_password_comes_as_a_credential_and_is_nowhere_else,
        the_verbs_reach_it,
        its_state_is_its_own,
        a_reload_keeps_the_process_and_takes_the_file,
        a_file_with_a_fault_is_refused_and_the_service_goes_on,
        a_process_that_is_killed_leaves_the_ceilings_and_is_started_again,
        a_loop_that_hangs_is_ended_by_the_watchdog,
        a_stop_opens_the_queues_and_leaves_no_socket,
        a_wrong_configuration_is_an_error_and_no_restart,
    ):
        step(machine)
