"""`wanctl init`: what steering needs is shown, installed after a yes, and taken away again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.steerer.running import PASSWORD, seed
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.forwarding import Connection, gateway

MANGLE = "/ip/firewall/mangle"


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(seed(), password=PASSWORD, ssh_port=0) as emulator:
        yield emulator


def write_site(router: RouterosEmulator, folder: Path, transports: str = "rest, ssh", lte: str = "192.0.2.1") -> None:
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text(PASSWORD)
    queues = "download: {{queue: D{0}, ceiling: 80Mbit}}, upload: {{queue: U{0}, ceiling: 30Mbit}}"
    (folder / "sites").mkdir()
    (folder / "sites" / "home.yaml").write_text(
        f"router: {{address: 127.0.0.1, port: {router.port}, ssh_port: {router.ssh_port}, user: wanctl, "
        f"password_file: ../password, pin: {router.pin}, host_key: '{router.host_key_sha256}', "
        f"transport: [{transports}]}}\n"
        "wans:\n"
        f"  cable: {{interface: ether1, gateway: 198.51.100.1, fwmark: 1, {queues.format('cable')}}}\n"
        f"  lte: {{interface: ether3, gateway: {lte}, fwmark: 2, {queues.format('lte')}}}\n"
        "classes:\n"
        "  realtime: {who: {dscp: [ef, af41], ports: [udp/3478]}, prefer: [cable, lte]}\n"
    )


@pytest.mark.parametrize("transports", ["rest", "ssh"])
def test_it_is_installed_once_and_removed(router: RouterosEmulator, tmp_path: Path, transports: str) -> None:
    write_site(router, tmp_path, transports)
    before = router.state.dump()
    done = run("init", "--steering", "home", "--apply", "--yes", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    call = Connection("192.168.88.9", "151.101.1.1", dscp=34)
    assert gateway(router.state, call) == "198.51.100.1"
    assert call.mark == "wanctl-cable"
    again = json.loads(run("init", "--steering", "home", "--apply", "--yes", "--json", cwd=tmp_path).stdout)
    assert (again["schema"], again["steps"], again["left"]) == ("wanctl.init/1", [], [])
    assert run("init", "--remove", "home", "--yes", cwd=tmp_path).returncode == 0
    assert router.state.dump()[MANGLE] == before[MANGLE]


def test_nothing_is_changed_without_a_yes(router: RouterosEmulator, tmp_path: Path) -> None:
    write_site(router, tmp_path)
    done = run("init", "--steering", "home", "--apply", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert router.state.records(MANGLE) == []


def test_the_printed_script_does_the_same_when_it_is_pasted_even_twice(
    router: RouterosEmulator, tmp_path: Path
) -> None:
    write_site(router, tmp_path)
    script = run("init", "--steering", "home", cwd=tmp_path).stdout
    shell = SshRouter("127.0.0.1", "wanctl", PASSWORD, port=router.ssh_port, host_key=router.host_key_sha256)
    for line in [line for line in script.splitlines() if not line.startswith("#")] * 2:
        assert shell._ssh.run(line, repeatable=False) == ""
    shell.close()
    left = json.loads(run("init", "--steering", "home", "--json", cwd=tmp_path).stdout)
    assert left["steps"] == []


def test_two_wans_with_one_gateway_are_refused_with_what_to_write(router: RouterosEmulator, tmp_path: Path) -> None:
    write_site(router, tmp_path, lte="198.51.100.1")
    done = run("init", "--steering", "home", cwd=tmp_path)
    assert done.returncode == 2
    assert "WC157" in done.stderr
    assert "198.51.100.1%ether3" in done.stderr


def test_a_wan_without_a_gateway_and_a_class_of_ipv6_alone_are_named(router: RouterosEmulator, tmp_path: Path) -> None:
    write_site(router, tmp_path)
    path = tmp_path / "sites" / "home.yaml"
    text = path.read_text().replace("gateway: 192.0.2.1, ", "")
    path.write_text(text + "  six: {who: {hosts: [192.0.2.0/28, '2001:db8::/64'], dscp: [ef]}, prefer: [cable]}\n")
    done = run("init", "--steering", "home", cwd=tmp_path)
    assert done.returncode == 2
    assert "'lte' lacks 'gateway'" in done.stderr
    assert "IPv6 is not steered" in done.stderr


def test_an_unreachable_router_is_told_in_a_sentence(router: RouterosEmulator, tmp_path: Path) -> None:
    write_site(router, tmp_path)
    router.faults.down = {"rest", "ssh"}
    done = run("init", "--steering", "home", "--apply", "--yes", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("home: ")


def test_the_doctor_says_what_steering_lacks_and_what_stands_in_the_way(
    router: RouterosEmulator, tmp_path: Path
) -> None:
    write_site(router, tmp_path)
    mark = {"chain": "prerouting", "action": "mark-connection", "new-connection-mark": "voip", "comment": "for queues"}
    router.state.place(MANGLE, mark)
    assert marks_of(tmp_path)["steering.rules"] == "fail"
    run("init", "--steering", "home", "--apply", "--yes", cwd=tmp_path)
    found = marks_of(tmp_path)
    assert (found["steering.rules"], found["steering.marks"]) == ("ok", "warn")
    for route in router.state.records("/ip/route"):
        if "comment" not in route or route["comment"] == "cable":
            router.state.remove("/ip/route", route[".id"])
    assert marks_of(tmp_path)["steering.main"] == "warn"


def marks_of(folder: Path) -> dict[str, str]:
    findings = json.loads(run("doctor", "home", "--json", cwd=folder).stdout)["findings"]
    return {one["check"]: one["mark"] for one in findings}


def test_what_steering_is_set_to_can_be_seen_and_written_down_again(router: RouterosEmulator, tmp_path: Path) -> None:
    write_site(router, tmp_path)
    shown = run("check", "--effective", "home", cwd=tmp_path).stdout
    assert [line for line in ("gateway: 198.51.100.1", "lan: LAN", "ttl: 90s") if line not in shown] == []
    path = tmp_path / "sites" / "home.yaml"
    path.write_text(path.read_text() + "steering: {ttl: 5s}\n")
    refused = run("check", "home", cwd=tmp_path)
    assert "is not between 30s and 1h" in refused.stdout + refused.stderr
