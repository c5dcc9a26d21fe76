"""`wanctl doctor` as a command: what it prints, where it ends, and that a running daemon does not mind."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import PLAIN, WANCTL, on_terminal
from tests.daemon.serving import daemon
from wanctl.daemon.clock import SystemClock
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, write_site

WIDEST = 80
TYPED = "          "  # lines to type are never folded


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password=PASSWORD) as emulator:
        yield emulator


@pytest.fixture
def site(router: RouterosEmulator, tmp_path: Path) -> Iterator[Path]:
    reflectors = Reflectors([lambda _now_ns: 1.0] * 2, SystemClock())
    reflectors.start()
    yield write_site(tmp_path, router, reflectors.addresses)
    reflectors.close()


def doctor(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **PLAIN,
        "RUNTIME_DIRECTORY": str(site.parent / "run" / "demo"),
        "XDG_STATE_HOME": str(site.parent / "state"),
    }
    return subprocess.run(
        [*WANCTL, "doctor", str(site), *args], capture_output=True, text=True, check=False, env=environment
    )


def test_a_site_that_fits_ends_with_0_and_is_80_columns_wide(site: Path) -> None:
    result = doctor(site)
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert max(len(line) for line in lines if not line.startswith(TYPED)) <= WIDEST
    assert "\x1b" not in result.stdout
    heads = [line for line in lines if line and not line.startswith(" ")]
    assert heads[:-1] == ["this host", "router over REST", "router", "queues"]
    assert heads[-1].startswith("demo  fine, ")
    assert any("2 of 2 reflectors answer" in line for line in lines)


def test_what_fails_ends_with_1_and_has_a_line_to_type(site: Path, router: RouterosEmulator) -> None:
    queue = router.state.id_of("/queue/tree", "WAN-Upload-Cable") or ""
    router.state.set("/queue/tree", queue, {"disabled": "yes"})
    result = doctor(site)
    assert result.returncode == 1
    assert '\n          /queue/tree/enable [find where name="WAN-Upload-Cable"]\n' in result.stdout
    assert result.stdout.splitlines()[-1].startswith("demo  1 to mend")


def test_as_json_it_has_a_schema(site: Path) -> None:
    result = doctor(site, "--json", "--strict")
    assert result.returncode == 1  # the emulated user may log in from everywhere
    told = json.loads(result.stdout)
    assert (told["schema"], told["site"], told["reached"], told["fails"]) == ("wanctl.doctor/1", "demo", True, 0)
    assert {finding["mark"] for finding in told["findings"]} <= {"ok", "warn", "skip"}
    assert all(set(finding) == {"group", "check", "mark", "what", "why", "do"} for finding in told["findings"])


def test_without_the_router_it_ends_with_2(site: Path, router: RouterosEmulator) -> None:
    router.faults.down = {"rest"}
    result = doctor(site)
    assert result.returncode == 2
    assert result.stdout.splitlines()[-1] == "demo  the router could not be looked at"


def test_a_file_that_is_wrong_ends_with_2(site: Path) -> None:
    site.write_text("router: nonsense\n")
    assert doctor(site).returncode == 2
    told = json.loads(doctor(site, "--json").stdout)
    assert (told["reached"], {finding["group"] for finding in told["findings"]}) == (False, {"the site's file"})


def test_a_terminal_gets_colours_unless_it_wants_none(site: Path) -> None:
    site.write_text("router: nonsense\n")
    assert "\x1b[31m" in on_terminal("doctor", str(site), cwd=site.parent)
    assert "\x1b[3" not in on_terminal("doctor", str(site), cwd=site.parent, NO_COLOR="1")


def test_a_silent_reflector_and_a_missing_address_are_named(site: Path) -> None:
    text = site.read_text()
    site.write_text(text.replace("    reflectors:\n", "    reflectors:\n      - udp://127.0.0.1:9\n"))
    result = doctor(site)
    assert result.returncode == 0
    assert "silent: udp://127.0.0.1:9" in result.stdout.replace("\n        ", " ")
    site.write_text(text.replace("    interface:", "    source: 192.0.2.77\n    interface:"))
    result = doctor(site)
    assert result.returncode == 1
    assert "cannot probe from source 192.0.2.77" in result.stdout.replace("\n        ", " ")


def test_while_the_daemon_runs_it_looks_all_the_same(site: Path, router: RouterosEmulator) -> None:
    with daemon(site, site.parent / "run" / "demo"):
        result = doctor(site)
    assert result.returncode == 0
    assert "a daemon of this site runs meanwhile" in result.stdout
    assert "2 of 20 sessions in use" in result.stdout
