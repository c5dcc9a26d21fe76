"""The emulator answers recorded requests as the routers did on which they were recorded."""

import base64
import http.client
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from wanctl.testing.routeros import RouterosEmulator, State, built_in, home_router

FIXTURES = Path(__file__).parent / "fixtures"
FILES = ("recorded.json", "recorded_menus.json")
CASES = [case for name in FILES for case in json.loads((FIXTURES / name).read_text())["cases"]]


def answer(router: RouterosEmulator, request: dict[str, Any], password: str) -> tuple[int, Any]:
    """Status and body over a real connection; a body that is empty is None."""
    context = ssl.create_default_context(cafile=str(router.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", router.port, context=context, timeout=10)
    token = base64.b64encode(f"wanctl:{password}".encode()).decode()
    body = json.dumps(request["json"]) if "json" in request else None
    connection.request(request["method"], request["path"], body, {"Authorization": f"Basic {token}"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if content else None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_answer_is_the_recorded_one(case: dict[str, Any]) -> None:
    held = {**built_in(), **case["state"]} if "state" in case else home_router()
    state = State(held, now_ns=lambda: 0, wall_ns=lambda: 0)
    with RouterosEmulator(state, password="right") as router:
        if "policies" in case:
            router.account.policies = set(case["policies"])
        status, body = answer(router, case["request"], case.get("password", "right"))
    assert status == case["status"]
    if case.get("excerpt"):  # more was answered than was recorded
        body = [{name: row[name] for name in recorded} for row, recorded in zip(body, case["body"], strict=True)]
    assert body == case["body"]
