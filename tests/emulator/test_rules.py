"""Requests that nobody recorded get the answer that the rule says: the same over REST and on the command line."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.console import Console

TREE, LIST, MANGLE = "/queue/tree", "/ip/firewall/address-list", "/ip/firewall/mangle"


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password="x", port=None) as emulator:
        yield emulator


def rest(router: RouterosEmulator, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """The REST face's answer, without a network between."""
    content = b"" if body is None else json.dumps(body).encode()
    where, _, query = path.partition("?")
    token = "Basic d2FuY3RsOng="  # wanctl:x
    status, answer = router.rest.answer(method, f"/rest{where}", query, token, content, ("192.0.2.9", 1))
    return status, json.loads(answer) if isinstance(answer, bytes) and answer else answer


def typed(router: RouterosEmulator, line: str) -> str:
    return Console(router.state).run(line).replace("\r\n", "\n").rstrip("\n")


def refusal(router: RouterosEmulator, path: str, body: dict[str, Any]) -> str:
    status, answer = rest(router, "PUT", path, body)
    assert status == 400
    return str(answer["detail"])


@pytest.mark.parametrize("written", ["90s", "90", 90, "1m30s", "00:01:30"])
def test_a_span_may_be_written_in_every_way(router: RouterosEmulator, written: str | int) -> None:
    status, made = rest(router, "PUT", LIST, {"list": "steer", "address": "192.0.2.1", "timeout": written})
    assert (status, made["timeout"]) == (201, "1m30s")


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (MANGLE, {"chain": "forward", "dscp": "64"}, "value of dscp out of range (0..63)"),
        (MANGLE, {"chain": "forward", "src-address": "300.1.1.1"}, "invalid value for argument src-address"),
        (MANGLE, {"chain": "forward", "dst-port": "80,99999"}, "value of dst-port out of range (0..65535)"),
        (MANGLE, {"chain": "forward", "protocol": "tpc"}, "input does not match any value of protocol"),
        (MANGLE, {"chain": "forward", "per-connection-classifier": "both-addresses:2/2"},
         "invalid value for argument per-connection-classifier"),
        (TREE, {"parent": "global", "name": "WAN-Upload-Cable"}, "failure: already have such name"),
        (TREE, {"parent": "nosuch"}, "input does not match any value of parent"),
        ("/ip/address", {"address": "198.51.100.2/24", "interface": "ether1"}, "failure: already have such address"),
        ("/queue/type", {"name": "x", "kind": "cake", "cake-overhead": "300"},
         "value of cake-overhead out of range (-64..256)"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_the_routers_words(
    router: RouterosEmulator, path: str, body: dict[str, Any], text: str
) -> None:
    assert refusal(router, path, body) == text


def test_what_a_router_completes_is_taken(router: RouterosEmulator) -> None:
    rule = {
        "chain": "prerouting", "action": "mark-connection", "new-connection-mark": "wan2", "protocol": "!udp-lite",
        "per-connection-classifier": "both-addresses-and-ports:2/1", "src-address": "!192.0.2.1-192.0.2.9",
    }  # fmt: skip
    status, made = rest(router, "PUT", MANGLE, rule)
    assert (status, {name: made.get(name) for name in rule}) == (201, rule)


def test_a_guarantee_is_not_above_the_limit(router: RouterosEmulator) -> None:
    status, _ = rest(router, "PATCH", f"{TREE}/WAN-Upload-Cable", {"limit-at": "40M"})
    assert status == 400
    assert rest(router, "PATCH", f"{TREE}/WAN-Upload-Cable", {"limit-at": "40M", "max-limit": "50M"})[0] == 200


def test_a_queue_without_a_name_gets_the_next_one(router: RouterosEmulator) -> None:
    names = [rest(router, "PUT", "/queue/simple", {"target": f"192.0.2.{last}"})[1]["name"] for last in (1, 2)]
    assert names == ["queue1", "queue2"]


def test_what_every_router_has_stays(router: RouterosEmulator) -> None:
    assert rest(router, "DELETE", "/queue/type/default")[0] == 400
    assert typed(router, "/routing/table/remove main").startswith("failure: ")
    assert typed(router, ":put [/routing/table/get main name]") == "main"


def test_a_proplist_holds_for_one_object_too(router: RouterosEmulator) -> None:
    _, record = rest(router, "GET", f"{TREE}/WAN-Upload-Cable?.proplist=name,max-limit")
    assert record == {".id": "*1000001", "max-limit": "32000000", "name": "WAN-Upload-Cable"}


def test_an_argument_that_a_command_lacks_is_refused(router: RouterosEmulator) -> None:
    for command in ("print", "enable"):
        status, answer = rest(router, "POST", f"{TREE}/{command}", {".id": "*1000000", "colour": "red"})
        assert (status, answer["detail"]) == (400, "unknown parameter colour")


def test_objects_are_counted(router: RouterosEmulator) -> None:
    assert rest(router, "POST", f"{TREE}/print", {"count-only": ""}) == (200, {"ret": "2"})
    query = {"count-only": "", ".query": ["name=WAN-Upload-Cable"]}
    assert rest(router, "POST", f"{TREE}/print", query) == (200, {"ret": "1"})


def test_echoes_are_answered_where_a_route_leads(router: RouterosEmulator) -> None:
    router.account.policies.add("test")
    status, watch = rest(router, "POST", "/ping", {"address": "192.0.2.1", "count": "2"})
    assert status == 200
    assert [(row["seq"], row["received"]) for row in watch.rows] == [("0", "1"), ("1", "2")]
    rest(router, "PATCH", "/ip/route/*80000000", {"disabled": "yes"})
    assert rest(router, "POST", "/ping", {"address": "192.0.2.1", "count": "1"})[1].rows[0]["status"] == "timeout"
    assert rest(router, "POST", "/ping", {"address": "192.0.2.1"})[1].rows == []  # runs into the 60 s


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        (":put (1+2)", "3"),
        (":put [/queue/tree/get 0 name]", "WAN-Download-Cable"),
        ("/queue/tree/set 0 max-limit=77M; :put [/queue/tree/get 0 max-limit]", "77000000"),
        ("/queue/tree/set 7 max-limit=77M", "no such item"),
        ("/queue/tree/print count-only where max-limit>100M", "1"),
        ("/queue/tree/print count-only where max-limit<=32M", "1"),
        ("/interface/monitor-traffic nosuch once", "input does not match any value of interface"),
        (":log info hello; :put [/log/get [find where message=hello] topics]", "script,info"),
        (":delay 1s; :put done", "done"),
        (':put [:pick "hello" 1 3]', "el"),
        ("/queue/tree/add name=lost", "missing value(s) of argument(s) parent"),
    ],
)
def test_a_line_prints_what_the_rule_says(router: RouterosEmulator, line: str, printed: str) -> None:
    assert typed(router, line) == printed


def test_a_rule_is_listed_chain_first_and_a_log_line_has_no_number(router: RouterosEmulator) -> None:
    assert " 0    chain=forward action=fasttrack-connection" in typed(router, "/ip/firewall/filter/print")
    router.state.write_log("script,info", "hello")
    assert typed(router, "/log/print").endswith('topics=script,info message="hello" ')


def test_an_order_to_reboot_is_answered_and_then_followed(router: RouterosEmulator) -> None:
    before = router.state.records(TREE)[0][".id"]
    assert typed(router, "/system/reboot") == "not enough permissions (9)"
    router.account.policies.add("reboot")
    assert rest(router, "POST", "/system/reboot") == (200, [])
    while router.state.records(TREE)[0][".id"] == before:
        time.sleep(0.01)


def test_a_name_between_quotes_runs_what_it_says_as_on_a_router(router: RouterosEmulator) -> None:
    """Why names are escaped: the emulator would not show it if it were kinder than a router."""
    router.account.policies.add("reboot")
    before = router.state.records(TREE)[0][".id"]
    typed(router, '/queue/tree/print where name="x$[/system/reboot]"')
    while router.state.records(TREE)[0][".id"] == before:
        time.sleep(0.01)
