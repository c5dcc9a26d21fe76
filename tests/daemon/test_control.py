"""The control socket: who may ask what, and what a client cannot do to the others."""

import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.serving import ask, daemon, eventually
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.control.server import MOST_CLIENTS, ControlServer, RefusedError, Request
from wanctl.daemon.control.window import Window
from wanctl.daemon.lock import ControlError, SiteLock
from wanctl.daemon.runfolder import RunFolderError, prepare, run_folder, sockets
from wanctl.observe.source import StuckError
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, write_site

NOBODY = 65_534


def greet(request: Request) -> dict[str, object]:
    if request.get("rude"):
        raise RefusedError("not like this", "be polite")
    return {"hello": request.get("name", ""), "long": "x" * int(request.get("size", 0))}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    notes: list[str] = []
    server = ControlServer(tmp_path, {"greet": greet}, SystemClock(), notes.append)
    server.start()
    yield tmp_path
    server.stop()
    assert notes == []
    assert not (tmp_path / "control.sock").exists()


def connect(folder: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(str(folder / "control.sock"))
    return client


def test_one_line_asks_and_one_line_answers(folder: Path) -> None:
    assert ask(folder, {"verb": "greet", "name": "you"}) == {
        "schema": "wanctl.control/1",
        "ok": True,
        "result": {"hello": "you", "long": ""},
    }


def test_a_connection_may_ask_again(folder: Path) -> None:
    with connect(folder) as client:
        for name in ("a", "b"):
            client.sendall(json.dumps({"schema": "wanctl.control/1", "verb": "greet", "name": name}).encode() + b"\n")
        lines = client.makefile("rb")
        assert [json.loads(lines.readline())["result"]["hello"] for _ in range(2)] == ["a", "b"]


def test_a_verb_that_is_not_there_is_answered_with_the_nearest(folder: Path) -> None:
    answer = ask(folder, {"verb": "gret"})
    assert (answer["ok"], answer["error"], answer["hint"]) == (
        False,
        "this daemon has no verb 'gret'",
        "did you mean 'greet'?",
    )


def test_a_refusal_says_what_to_do(folder: Path) -> None:
    answer = ask(folder, {"verb": "greet", "rude": True})
    assert (answer["ok"], answer["error"], answer["hint"]) == (False, "not like this", "be polite")


@pytest.mark.parametrize(
    "line", [b"", b"hello", b"[]", b"\xff\xfe", b'{"schema": "wanctl.control/9", "verb": "greet"}']
)
def test_a_line_that_is_no_request_is_refused(folder: Path, line: bytes) -> None:
    assert ask(folder, line)["ok"] is False
    assert ask(folder, {"verb": "greet"})["ok"] is True


def test_a_request_without_end_is_cut_off(folder: Path) -> None:
    with connect(folder) as client:
        client.sendall(b"x" * 5_000)
        assert b"more than 4096 bytes" in client.makefile("rb").readline()
        assert client.recv(1) == b""


def test_a_client_that_does_not_read_holds_up_nobody(folder: Path) -> None:
    with connect(folder) as client:
        question = json.dumps({"schema": "wanctl.control/1", "verb": "greet", "size": 4_000_000}).encode() + b"\n"
        client.sendall(question * 3)
        assert ask(folder, {"verb": "greet", "name": "other"})["result"]["hello"] == "other"
        lines = client.makefile("rb")
        assert [len(json.loads(lines.readline())["result"]["long"]) for _ in range(3)] == [4_000_000] * 3


def test_the_number_of_clients_is_bounded(folder: Path) -> None:
    clients = [connect(folder) for _ in range(MOST_CLIENTS + 1)]
    assert b"too many clients" in clients[-1].makefile("rb").readline()
    clients[0].close()
    eventually(lambda: ask(folder, {"verb": "greet"})["ok"] is True)
    for client in clients:
        client.close()


def test_the_socket_is_for_its_user_and_group(folder: Path) -> None:
    assert stat.S_IMODE((folder / "control.sock").stat().st_mode) == 0o660


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_stranger_is_refused_by_what_the_kernel_says_of_him() -> None:
    program = (
        "import os, socket, sys\n"
        f"os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "print(s.makefile().readline())\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = ControlServer(folder, {"greet": greet}, SystemClock(), print)
        server.start()
        (folder / "control.sock").chmod(0o666)
        command = [sys.executable, "-c", program, str(folder / "control.sock")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        server.stop()
    assert "only root" in said


def test_what_is_left_of_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "control.sock"))
    server = ControlServer(tmp_path, {"greet": greet}, SystemClock(), print)
    server.start()
    assert ask(tmp_path, {"verb": "greet"})["ok"] is True
    server.stop()


def test_one_process_has_the_lock_of_a_site(tmp_path: Path) -> None:
    lock = SiteLock(tmp_path / "home", "home")
    with pytest.raises(ControlError, match=rf"'home' runs already \(process {os.getpid()}\)"):
        SiteLock(tmp_path / "home", "home")
    lock.release()
    SiteLock(tmp_path / "home", "home").release()


def test_the_run_folder_is_where_the_environment_says() -> None:
    assert run_folder("home", {"RUNTIME_DIRECTORY": "/run/wanctl/home:/run/x"}) == Path("/run/wanctl/home")
    assert run_folder("home", {"XDG_RUNTIME_DIR": "/run/user/7"}) == Path("/run/user/7/wanctl/home")
    assert run_folder("home", {}) == Path(f"/tmp/wanctl-{os.getuid()}/home")


def test_a_run_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare(tmp_path / "wanctl" / "home")
    assert stat.S_IMODE((tmp_path / "wanctl" / "home").stat().st_mode) == 0o700


def test_a_run_folder_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to("/etc")
    with pytest.raises(RunFolderError, match="not a folder of this user"):
        prepare(tmp_path / "home")


def test_sites_are_found_by_their_sockets(tmp_path: Path) -> None:
    for name in ("home", "office"):
        prepare(tmp_path / "wanctl" / name)
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(tmp_path / "wanctl" / name / "control.sock"))
    (tmp_path / "wanctl" / "empty").mkdir()
    found = sockets({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert {"home", "office"} <= set(found)
    assert "empty" not in found


def test_a_loop_that_is_stuck_is_told_from_one_that_answers() -> None:
    window = Window({"view": lambda now_ns: now_ns}, SystemClock())
    with pytest.raises(StuckError):
        window.look("view")
    window.answer(7)  # the question of the one who gave up is answered all the same
    assert window.look("view", fresh_ns=1 << 62) == (7, pytest.approx(SystemClock.monotonic_ns(), rel=0.01))


def test_an_answer_that_cannot_be_made_is_told_to_whoever_asked_and_not_to_the_loop() -> None:
    window = Window({"view": lambda now_ns: 1 // 0}, SystemClock())
    told: list[str] = []

    def look() -> None:
        with pytest.raises(RuntimeError) as caught:
            window.look("view")
        told.append(str(caught.value))

    asking = threading.Thread(target=look)
    asking.start()
    eventually(lambda: bool(window.questions))
    window.answer(1)
    asking.join()
    assert "a fault of wanctl: ZeroDivisionError" in told[0]


def test_those_who_ask_at_once_get_one_answer() -> None:
    window = Window({"view": lambda now_ns: object()}, SystemClock())
    seen: list[object] = []
    asking = [threading.Thread(target=lambda: seen.append(window.look("view")[0])) for _ in range(3)]
    for one in asking:
        one.start()
    eventually(lambda: len(window.questions) == 3)
    window.answer(1)
    for one in asking:
        one.join()
    assert seen[0] is seen[1] is seen[2]


def test_a_verb_that_fails_is_told_and_the_next_one_is_served(tmp_path: Path) -> None:
    notes: list[str] = []
    handlers = {"greet": greet, "fall": lambda request: {"x": request["y"]}}
    server = ControlServer(tmp_path, handlers, SystemClock(), notes.append)
    server.start()
    assert "'fall' has failed in the daemon" in ask(tmp_path, {"verb": "fall"})["error"]
    assert ask(tmp_path, {"verb": "greet"})["ok"] is True
    server.stop()
    assert notes == ["'fall' on the control socket has failed: KeyError: 'y'"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    with RouterosEmulator(user="wanctl", password=PASSWORD) as router:
        reflectors = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
        reflectors.start()
        yield write_site(tmp_path, router, reflectors.addresses)
        reflectors.close()


def is_applied(direction: dict[str, object]) -> bool:
    return direction["wanted_bps"] == direction["applied_bps"] == 21_250_000


def test_a_daemon_tells_its_state_and_what_keeps_it_there(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "demo"
    with daemon(site, folder):
        view = ask(folder, {"verb": "status"})["result"]
        assert (view["schema"], view["site"]) == ("wanctl.status/1", "demo")
        eventually(lambda: is_applied(ask(folder, {"verb": "status"})["result"]["wans"][0]["download"]))
        eventually(lambda: "TRACKING" in {one["to"] for one in ask(folder, {"verb": "why"})["result"]["transitions"]})
        whose = {state["wan"] for state in ask(folder, {"verb": "why"})["result"]["states"]}
        assert whose == {"cable", "router"}
        why = ask(folder, {"verb": "why", "wan": "cable"})["result"]
        tracking = next(record for record in why["transitions"] if record["to"] == "TRACKING")
        assert (tracking["row"], tracking["why"]) == ("baseline.LEARNING#1", "the link has been idle")
        green = next(state for state in why["states"] if state["region"] == "download")
        assert any("needs delta > limit" in way["text"] for way in green["ways"])
        assert "no WAN 'cabel'" in ask(folder, {"verb": "why", "wan": "cabel"})["error"]
    assert not (folder / "control.sock").exists()


def test_a_second_daemon_of_a_site_is_refused(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "demo"
    with daemon(site, folder) as first:
        with daemon(site, folder) as second:
            assert second.wait(20) == 2
            assert second.stderr is not None
            assert f"runs already (process {first.pid})" in second.stderr.read()
        assert ask(folder, {"verb": "status"})["ok"] is True
