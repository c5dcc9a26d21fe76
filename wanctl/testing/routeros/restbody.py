"""How REST writes answers and reads bodies."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from wanctl.testing.routeros.command import Arguments, Reply
from wanctl.testing.routeros.trap import Trap


def encode(reply: Reply) -> bytes:
    """A JSON body. Like the router's, it has control characters and broken UTF-8 in it exactly as they were stored."""
    if isinstance(reply, Mapping):
        return b"{" + b",".join(_string(name) + b":" + _string(text) for name, text in reply.items()) + b"}"
    if isinstance(reply, list):
        return b"[" + b",".join(encode(record) for record in reply) + b"]"
    return b"[]"


def refusal(status: int, detail: str) -> tuple[int, bytes]:
    """A status that is none of success, with its body."""
    body: dict[str, object] = {"detail": detail} if detail else {}
    body |= {"error": int(status), "message": HTTPStatus(status).phrase}
    return int(status), json.dumps(body, separators=(",", ":")).encode()


def arguments_of(body: bytes) -> Arguments:
    """The arguments that a request's body gives. Raises `Trap`."""
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        raise Trap("invalid JSON") from None  # guess
    if not isinstance(parsed, dict):
        raise Trap("invalid JSON")  # guess
    return {
        name: [_text(one) for one in given] if isinstance(given, list) else _text(given)
        for name, given in parsed.items()
    }


def texts_of(arguments: Arguments) -> dict[str, str]:
    """Arguments with lists written as `a,b`."""
    return {name: given if isinstance(given, str) else ",".join(given) for name, given in arguments.items()}


def _text(given: object) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return "" if given is None else str(given)


def _string(text: str) -> bytes:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'.encode("utf-8", "surrogateescape")
