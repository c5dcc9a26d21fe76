"""The emulator as a program of its own: `python -m wanctl.testing.routeros.program --help`.

It runs until SIGTERM or SIGINT. The ready file appears, whole, when it listens.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from wanctl.testing.routeros.emulator import RouterosEmulator
from wanctl.testing.routeros.seed import built_in, home_router
from wanctl.testing.routeros.state import Seed, State

CANNOT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the emulator as the arguments say; the exit code."""
    given = _parser().parse_args(argv)
    # Before any thread starts, so that all of them inherit it and the signals wait for `sigwait`.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        host, port = _endpoint(given.rest)
        password = given.password_file.read_text().rstrip("\n")
        state = State(_seed(given.state))
        router = RouterosEmulator(state, user=given.user, password=password, host=host, port=port)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"emulator: {error}\n")
        return CANNOT
    with router:
        _write(given.ready_file, {"rest_url": router.rest_url, "ca_file": str(router.ca_file), "pin": router.pin})
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    if given.state is not None:
        _write(given.state, state.dump())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description="A RouterOS 7 router to try things on.")
    parser.add_argument("--rest", required=True, metavar="HOST:PORT", help="where to serve REST; port 0 is any")
    parser.add_argument("--user", required=True, help="who may log in")
    parser.add_argument("--password-file", required=True, type=Path, metavar="FILE", help="with what password")
    parser.add_argument(
        "--ready-file", required=True, type=Path, metavar="FILE", help="gets JSON: rest_url, ca_file, pin"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="JSON, menu to objects: read at the start if it exists, written at the end",
    )
    return parser


def _endpoint(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"'{text}' is not HOST:PORT")
    return host.strip("[]"), int(port)


def _seed(path: Path | None) -> Seed:
    if path is None or not path.exists():
        return home_router()
    try:
        seed = json.loads(path.read_text(errors="surrogateescape"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    menus_fit = isinstance(seed, dict) and all(
        isinstance(records, list) and all(_is_record(record) for record in records) for records in seed.values()
    )
    if not menus_fit:
        raise ValueError(f"{path}: it must map menus to lists of objects whose values are texts")
    return {**built_in(), **seed}


def _is_record(record: object) -> bool:
    return isinstance(record, dict) and all(isinstance(text, str) for text in record.values())


def _write(path: Path, content: object) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(content, indent=1) + "\n")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
