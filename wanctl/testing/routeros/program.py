"""The emulator as a program of its own: it runs until SIGTERM or SIGINT. `wanctl emulator` is its command line."""

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import NamedTuple

from wanctl.testing.routeros.emulator import RouterosEmulator
from wanctl.testing.routeros.faultsocket import FaultSocket
from wanctl.testing.routeros.seed import built_in, home_router
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.store import Seed

Endpoint = tuple[str, int]


class Options(NamedTuple):
    """What the program is told; at least one of `rest` and `ssh` is given."""

    rest: Endpoint | None
    ssh: Endpoint | None
    user: str
    password_file: Path
    ready_file: Path
    state: Path | None
    fault_socket: Path | None


def run(options: Options) -> None:
    """Serve until a signal says to stop. Raises OSError and ValueError for what cannot be done.

    The ready file appears, whole, when everything listens; the state file is read at the start if it is there, and
    written at the end.
    """
    # Before any thread starts, so that all of them inherit it and the signals wait for `sigwait`.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    password = options.password_file.read_text().rstrip("\n")
    state = State(_seed(options.state))
    host, port = options.rest or ("127.0.0.1", None)
    ssh_host, ssh_port = options.ssh or ("127.0.0.1", None)
    router = RouterosEmulator(
        state, user=options.user, password=password, host=host, port=port, ssh_host=ssh_host, ssh_port=ssh_port
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(router)
        if options.fault_socket is not None:
            stack.enter_context(FaultSocket(router, options.fault_socket))
        _write(options.ready_file, _ready(router, options))
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    if options.state is not None:
        _write(options.state, state.dump())


def endpoint(text: str) -> Endpoint:
    """`HOST:PORT`. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"'{text}' is not HOST:PORT")
    return host.strip("[]"), int(port)


def _ready(router: RouterosEmulator, options: Options) -> dict[str, object]:
    ready: dict[str, object] = {}
    if options.rest is not None:
        ready |= {"rest_url": router.rest_url, "ca_file": str(router.ca_file), "pin": router.pin}
    if options.ssh is not None:
        ready |= {"ssh_port": router.ssh_port, "host_key_sha256": router.host_key_sha256}
    return ready


def _seed(path: Path | None) -> Seed:
    if path is None or not path.exists():
        return home_router()
    try:
        seed = json.loads(path.read_text(errors="surrogateescape"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(seed, dict):
        raise ValueError(f"{path}: it must map menus to lists of objects")  # noqa: TRY004  (a file's fault, not ours)
    menus = {_menu(menu): records for menu, records in seed.items()}
    for menu, records in menus.items():
        if not (isinstance(records, list) and all(isinstance(record, dict) for record in records)):
            raise ValueError(f"{path}: {menu} must be a list of objects")
    return {**built_in(), **{menu: [_texts(record) for record in records] for menu, records in menus.items()}}


def _menu(written: str) -> str:
    """A menu as it is known here, however it is written: `queue/tree`, `/queue tree`."""
    return "/" + "/".join(written.replace("/", " ").split())


def _texts(record: dict[str, object]) -> dict[str, str]:
    """An object with every value as the text that REST shows."""
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in record.items()
    }  # fmt: skip


def _write(path: Path, content: object) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(content, indent=1) + "\n")
    beside.replace(path)
