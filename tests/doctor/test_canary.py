"""The password is nowhere but in its file: a daemon, a doctor and a safe among faults are searched."""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.cli.command import WANCTL
from tests.daemon.serving import ask, eventually
from wanctl.daemon.clock import SystemClock
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.faultline import strike

CANARY = "canary-Zq81-pass"
FAULTS = (
    {"fault": "stray_denials", "count": 2}, {"fault": "no_permission"}, {"fault": "control_bytes"}, {"fault": "denied"},
    {"fault": "down", "faces": "rest"}, {"fault": "down", "faces": "rest,ssh"}, {"fault": "swap_certificate"},
    {"fault": "swap_host_key"},
)  # fmt: skip


def spellings() -> tuple[bytes, ...]:
    """The password as it is, and as HTTP's basic authentication carries it."""
    token = base64.b64encode(f"wanctl:{CANARY}".encode()).rstrip(b"=")
    return CANARY.encode(), token


def write_site(folder: Path, router: RouterosEmulator, reflectors: tuple[str, ...], http_port: int) -> Path:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "router.password").touch(mode=0o600)
    (folder / "secrets" / "router.password").write_text(CANARY + "\n")
    path = folder / "home.yaml"
    path.write_text(
        f"router: {{address: 127.0.0.1, port: {router.port}, ssh_port: {router.ssh_port}, user: wanctl, "
        f"pin: {router.pin}, "
        f"password_file: secrets/router.password, host_key: '{router.host_key_sha256}', transport: [rest, ssh]}}\n"
        f"http: 127.0.0.1:{http_port}\n"
        "wans:\n"
        f"  cable:\n    interface: ether1\n    reflectors: {json.dumps(reflectors)}\n"
        "    download: {queue: WAN-Download-Cable, plan: 50Mbit}\n    upload: {queue: WAN-Upload-Cable, plan: 12Mbit}\n"
    )
    return path


def processes(of: int) -> Iterator[bytes]:
    """What `ps` and /proc show of a process."""
    for name in ("cmdline", "environ", "comm"):
        yield Path(f"/proc/{of}/{name}").read_bytes()
    yield subprocess.run(["ps", "auxewww"], capture_output=True, check=False).stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def page(port: int, path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.read()


def test_the_password_is_nowhere_but_in_its_file(tmp_path: Path) -> None:
    run = tmp_path / "run" / "home"
    environment = {
        **os.environ, "RUNTIME_DIRECTORY": str(run), "STATE_DIRECTORY": str(tmp_path / "state"), "WANCTL_DEBUG": "1",
    }  # fmt: skip
    said: list[bytes] = []

    def command(*args: str) -> None:
        done = subprocess.run([*WANCTL, *args], capture_output=True, check=False, env=environment, cwd=tmp_path)
        said.extend((done.stdout, done.stderr))

    port = free_port()
    with (
        RouterosEmulator(user="wanctl", password=CANARY, ssh_port=0) as router,
        Reflectors([lambda _now_ns: 1.0] * 2, SystemClock()) as reflectors,
    ):
        site = str(write_site(tmp_path, router, reflectors.addresses, port))
        with subprocess.Popen(
            [*WANCTL, "run", site], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path
        ) as daemon:
            try:
                eventually(lambda: (run / "control.sock").is_socket() or daemon.poll() is not None)
                said.extend(processes(daemon.pid))
                for fault in FAULTS:
                    strike(router, fault)
                    time.sleep(0.2)
                command("doctor", site)
                command("safe", site, "--force", "--timeout", "1s")
                strike(router, {"fault": "clear"})
                said.extend(json.dumps(ask(run, {"verb": verb})).encode() for verb in ("status", "why"))
                said.extend(page(port, path) for path in ("metrics", "readyz?verbose"))
            finally:
                daemon.terminate()
                said.extend(daemon.communicate(timeout=60))
        command("safe", site, "--json", "--timeout", "1s")
    kept = [
        found.read_bytes()
        for found in tmp_path.rglob("*")
        if found.is_file() and found.parent.name != "secrets"
    ]  # fmt: skip
    assert len(kept) >= 2, "the site's file, and what the daemon kept"
    assert any(b"the router could not be looked at" in text for text in said), "the faults have struck"
    for text in (*said, *kept):
        for spelling in spellings():
            assert spelling not in text, text[:300]
