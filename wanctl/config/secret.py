"""Secrets: read from files of their own, refused when others can read them, and never shown.

A site file names the file of a password; it never holds one. Where somebody writes one into it all the same, `conceal`
takes it out of whatever is printed about the file.
"""

import os
import re
import stat
from dataclasses import replace
from pathlib import Path

from wanctl.engine.diagnostic import FileError, Findings, Place
from wanctl.engine.document import List, Map, Node, Text
from wanctl.machines import is_file

MAX_BYTES = 4_096
HIDDEN = "(hidden)"
PLACEHOLDER = re.compile(r"<[^<>]*>")
_WORDS = r"(?:pass|password|passwd|passphrase|secret|token|api_?key|private_?key|credential)s?"
SECRET_KEY = re.compile(rf"(?i)(.*[_-])?{_WORDS}")
_SECRET_LINE = re.compile(rf"""(?i)^(?P<key>(?:.*?[^A-Za-z0-9])?{_WORDS}["']?\s*:)(?P<value>\s.*|)$""")


class Secret(str):
    """A text that does not show itself in a `repr`, and so in no traceback, dataclass or log of values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"


def credential(name: str, folder: Path) -> Path:
    """Where a file that a site names is: the credential of the same name that systemd handed over, else the path.

    A relative path counts from `folder`, the site file's.
    """
    handed_over = os.environ.get("CREDENTIALS_DIRECTORY")
    if handed_over and is_file(candidate := Path(handed_over) / Path(name).name):
        return candidate
    return folder / name


def read_secret(path: Path, place: Place | None = None) -> Secret:
    """The secret in a file: one line of text, without its line end.

    `place` is where the file is named, for the message. `FileError` when it cannot be read (WC140), when its group or
    others can read it, or when it belongs to somebody else (WC141), and when it holds no single line (WC142). What the
    file holds is in no message.
    """
    findings = Findings()
    place = place or Place(str(path))
    try:
        # Checked on the open file, not on the name: the name may mean another file a moment later.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if fault := _permission_fault(os.fstat(descriptor), path):
                findings.error("WC141", f"'{path}' {fault}", place, f"chmod 600 {path}; chown it to wanctl's user")
            findings.raise_errors()
            data = os.read(descriptor, MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        findings.error("WC140", f"'{path}' cannot be read: {reason}", place, "it holds the password, in mode 0600")
        raise FileError(findings) from None
    return _one_line(data, path, place)


def _permission_fault(status: os.stat_result, path: Path) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    # systemd grants a unit's user its credentials by an ACL, whose mask shows as the group's bits.
    is_credential = Path(os.environ.get("CREDENTIALS_DIRECTORY") or "/nonexistent") == path.parent
    if status.st_mode & (0o007 if is_credential else 0o077):
        return f"can be read or written by others (mode {stat.S_IMODE(status.st_mode):04o})"
    if status.st_uid not in (os.geteuid(), 0):
        return f"belongs to another user (uid {status.st_uid})"
    return ""


def _one_line(data: bytes, path: Path, place: Place) -> Secret:
    findings = Findings()
    try:
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = "\0"
    if not text.strip():
        findings.error("WC142", f"'{path}' is empty", place, "write the password into it, on one line")
    elif len(data) > MAX_BYTES or not text.isprintable():
        findings.error("WC142", f"'{path}' does not hold one line of text", place, "the password alone, in UTF-8")
    findings.raise_errors()
    return Secret(text)


def secret_places(root: Node) -> dict[Place, str]:
    """Where a tree holds keys that look like secrets, and their names."""
    found: dict[Place, str] = {}
    if isinstance(root, Map):
        for key in root:
            if SECRET_KEY.fullmatch(key):
                found[root.keys[key]] = key
            found |= secret_places(root[key])
    elif isinstance(root, List):
        for item in root:
            found |= secret_places(item)
    return found


def conceal(findings: Findings, file: str, root: Node | None) -> None:
    """Take every secret of a file out of what is said and shown about it."""
    shown, secrets = [], set(_secret_texts(root))
    inside: int | None = None  # how far the key is indented whose value goes on below it
    for line in findings.sources.get(file, "").splitlines():
        indent = len(line) - len(line.lstrip())
        if inside is not None and (indent > inside or not line.strip()):
            secrets.add(line.strip())
            shown.append(HIDDEN)
            continue
        inside = None
        if match := _SECRET_LINE.match(line):
            inside = indent
            secrets.add(match["value"].strip(" \t\"'"))
        # To the line's end: what is hidden too much does no harm.
        shown.append(f"{match['key']} {HIDDEN}" if match else line)
    findings.sources[file] = "\n".join(shown)
    findings.items = [
        replace(item, message=_without(item.message, secrets), hint=_without(item.hint, secrets))
        for item in findings.items
    ]


def _secret_texts(node: Node | None) -> list[str]:
    found: list[str] = []
    if isinstance(node, Map):
        for key in node:
            inner = node[key]
            if isinstance(inner, Text) and SECRET_KEY.fullmatch(key):
                found.append(inner.value)
            found += _secret_texts(inner)
    elif isinstance(node, List):
        for item in node:
            found += _secret_texts(item)
    return found


def _without(text: str, secrets: set[str]) -> str:
    for secret in secrets:
        if len(secret) > 3 and not PLACEHOLDER.fullmatch(secret):
            text = text.replace(secret, HIDDEN)
    return text
