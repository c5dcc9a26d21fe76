"""Asking a running site over its control socket. Nothing heavy is imported: `wanctl status` has 150 ms."""

import json
import os
import socket
from pathlib import Path
from typing import Any, NoReturn

import click

from wanctl.daemon.runfolder import sockets

SCHEMA = "wanctl.control/1"
PATIENCE_S = 5.0
PATIENCE_FOR_S = {"reload": 60.0, "rollback": 60.0}  # they read a file and ask a router
MOST_ANSWER_BYTES = 16_000_000


class Unreachable(click.ClickException):
    """No daemon answers; exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """One line and what to do, without a usage text."""
        click.echo(f"wanctl: {self.message}", err=True, file=file)


def site_name(site: str) -> str:
    """The site that SITE on the command line means: a name, or a file that is named after it."""
    return Path(site).stem if "/" in site or site.endswith(".yaml") else site


def running() -> dict[str, Path]:
    """The sites that seem to run on this host, with their sockets."""
    return sockets(os.environ)


def ask_one(site: str | None, verb: str, **arguments: Any) -> dict[str, Any]:
    """The answer of one site: the named one, or the only one that runs."""
    found = running()
    if site is None:
        if len(found) > 1:
            raise Unreachable(f"several sites run here: name one of {', '.join(sorted(found))}")
        if not found:
            _nobody()
        return ask(*next(iter(found.items())), verb, **arguments)
    name = site_name(site)
    path = found.get(name)
    if path is None:
        here = f"Running here: {', '.join(sorted(found))}." if found else "No site runs here that you may see."
        raise Unreachable(f"no daemon of the site '{name}' is reachable.\n{here} Start it: wanctl run {site}")
    return ask(name, path, verb, **arguments)


def ask_all(verb: str, **arguments: Any) -> list[dict[str, Any] | Unreachable]:
    """The answer of each site that runs here, by name; an error in place of one that does not answer."""
    found = running()
    if not found:
        _nobody()
    answers: list[dict[str, Any] | Unreachable] = []
    for name, path in sorted(found.items()):
        try:
            answers.append(ask(name, path, verb, **arguments))
        except Unreachable as error:
            answers.append(error)
    return answers


def _nobody() -> NoReturn:
    raise Unreachable(
        "no site runs on this host, or its socket is not yours to use.\n"
        "Start one: wanctl run SITE. A service's socket is open to root and to the group 'wanctl'."
    )


def ask(site: str, path: Path, verb: str, **arguments: Any) -> dict[str, Any]:
    """One question to one socket; `Unreachable` with the reason when there is no good answer."""
    request = {"schema": SCHEMA, "verb": verb, **arguments}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE_FOR_S.get(verb, PATIENCE_S))
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = _line(connection)
    except TimeoutError as error:
        raise Unreachable(f"the daemon of '{site}' does not answer: it hangs; see its journal") from error
    except ConnectionRefusedError as error:
        raise Unreachable(f"the daemon of '{site}' has gone without a word. Start it: wanctl run {site}") from error
    except PermissionError as error:
        hint = "become root, or a member of the group 'wanctl'"
        raise Unreachable(f"the socket of '{site}' ({path}) is not yours to use: {hint}") from error
    except OSError as error:
        raise Unreachable(f"the socket of '{site}' ({path}): {error.strerror or error}") from error
    return _result(site, answer)


def _line(connection: socket.socket) -> bytes:
    parts, size = [], 0
    while part := connection.recv(65_536):
        parts.append(part)
        size += len(part)
        if part.endswith(b"\n") or size > MOST_ANSWER_BYTES:
            break
    return b"".join(parts)


def _result(site: str, line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise Unreachable(f"the daemon of '{site}' gave no sensible answer; see its journal") from error
    if answer.get("schema") != SCHEMA:
        raise Unreachable(f"the daemon of '{site}' is of another version than this command: restart it")
    if not answer["ok"]:
        hint = f": {answer['hint']}" if answer.get("hint") else ""
        raise Unreachable(f"{site}: {answer['error']}{hint}")
    result: dict[str, Any] = answer["result"]
    return result
