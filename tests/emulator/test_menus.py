"""What the menus of the firewall, of routes, of users and of the log do by themselves."""

import pytest

from wanctl.testing.routeros import RouterosEmulator, State, built_in, home_router
from wanctl.testing.routeros.trap import Trap

LIST = "/ip/firewall/address-list"
MANGLE = "/ip/firewall/mangle"
ROUTE = "/ip/route"
SECOND = 1_000_000_000


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return State(home_router(), now_ns=clock, wall_ns=lambda: 0)


def test_a_timed_entry_counts_down_and_goes(state: State, clock: Clock) -> None:
    id_ = state.add(LIST, {"list": "steer", "address": "192.168.88.50/32", "timeout": "90s"})
    assert state.record(LIST, id_)["timeout"] == "1m30s"
    assert state.record(LIST, id_)["address"] == "192.168.88.50"
    assert state.record(LIST, id_)["dynamic"] == "true"
    clock.ns = 89 * SECOND
    assert state.record(LIST, id_)["timeout"] == "1s"
    clock.ns = 90 * SECOND
    assert state.records(LIST) == []


def test_an_entry_that_is_refreshed_stays(state: State, clock: Clock) -> None:
    id_ = state.add(LIST, {"list": "steer", "address": "192.168.88.50", "timeout": "90s"})
    clock.ns = 60 * SECOND
    state.set(LIST, id_, {"timeout": "90s"})
    clock.ns = 149 * SECOND
    assert state.record(LIST, id_)["timeout"] == "1s"


def test_an_entry_without_a_timeout_has_none_to_show(state: State, clock: Clock) -> None:
    id_ = state.add(LIST, {"list": "fixed", "address": "192.0.2.1"})
    clock.ns = 10**18
    assert "timeout" not in state.record(LIST, id_)
    assert state.record(LIST, id_)["dynamic"] == "false"


def test_a_timed_entry_writes_no_flash_and_ends_with_the_router(state: State) -> None:
    def sectors() -> str:
        return state.records("/system/resource")[0]["write-sect-since-reboot"]

    before = sectors()
    state.add(LIST, {"list": "steer", "address": "192.0.2.1", "timeout": "90s"})
    assert sectors() == before
    state.add(LIST, {"list": "fixed", "address": "192.0.2.1"})
    assert sectors() != before
    state.reboot()
    assert [entry["list"] for entry in state.records(LIST)] == ["fixed"]


def test_a_reboot_sets_counters_and_uptime_to_nothing_and_gives_other_ids(state: State, clock: Clock) -> None:
    state.count("/queue/tree", "WAN-Download-Cable", bytes=9)
    clock.ns = 5 * SECOND
    before = state.records("/queue/tree")[0]
    state.reboot()
    after = state.records("/queue/tree")[0]
    assert (before["bytes"], after["bytes"]) == ("9", "0")
    assert after[".id"] != before[".id"]
    assert after["max-limit"] == before["max-limit"]
    assert state.records("/system/resource")[0]["uptime"] == "0s"


def test_a_rule_is_put_before_another(state: State) -> None:
    first = state.add(MANGLE, {"chain": "prerouting", "action": "accept"})
    second = state.add(MANGLE, {"chain": "prerouting", "action": "accept", "place-before": first})
    assert [rule[".id"] for rule in state.records(MANGLE)] == [second, first]
    assert "place-before" not in state.record(MANGLE, second)


def test_a_mark_needs_its_table(state: State) -> None:
    rule = {"chain": "prerouting", "action": "mark-routing", "new-routing-mark": "to_lte"}
    with pytest.raises(Trap, match="input does not match any value of new-routing-mark"):
        state.add(MANGLE, rule)
    state.add("/routing/table", {"name": "to_lte", "fib": ""})
    id_ = state.add(MANGLE, rule)
    assert state.record(MANGLE, id_)["new-routing-mark"] == "to_lte"


def test_a_matcher_may_be_negated(state: State) -> None:
    id_ = state.add(MANGLE, {"chain": "prerouting", "dst-address-type": "!local", "in-interface": "!ether1"})
    shown = state.record(MANGLE, id_)
    assert (shown["dst-address-type"], shown["in-interface"]) == ("!local", "!ether1")
    state.set("/interface", state.id_of("/interface", "ether1") or "", {"name": "cable"})
    assert state.record(MANGLE, id_)["in-interface"] == "!cable"


def test_the_shorter_of_two_routes_is_active_until_its_gateway_is_gone(state: State) -> None:
    second = state.add(ROUTE, {"dst-address": "0.0.0.0/0", "gateway": "192.168.88.2", "distance": "2"})
    assert [route.get("active") for route in state.records(ROUTE)] == ["true", None]
    state.set("/interface", state.id_of("/interface", "ether1") or "", {"disabled": "yes"}, "disable")
    assert [route.get("active") for route in state.records(ROUTE)] == [None, "true"]
    assert state.record(ROUTE, second)["immediate-gw"] == "192.168.88.2%bridge"


def test_a_route_may_go_through_another(state: State) -> None:
    state.add(ROUTE, {"dst-address": "203.0.113.8/32", "gateway": "198.51.100.1", "scope": "10"})
    id_ = state.add(ROUTE, {"gateway": "203.0.113.8", "distance": "5", "target-scope": "11"})
    assert state.record(ROUTE, id_)["immediate-gw"] == "198.51.100.1%ether1"


def test_a_groups_policy_is_added_to(state: State) -> None:
    id_ = state.add("/user/group", {"name": "qos", "policy": "read,api"})
    state.set("/user/group", id_, {"policy": "write,!api"})
    granted = [word for word in state.record("/user/group", id_)["policy"].split(",") if word[0] != "!"]
    assert granted == ["read", "write"]


def test_a_password_is_never_shown(state: State) -> None:
    id_ = state.add("/user", {"name": "u", "group": "read", "password": "canary"})
    assert "canary" not in str(state.record("/user", id_))
    assert "canary" not in str(state.dump())


def test_the_history_keeps_a_hundred_changes(state: State) -> None:
    id_ = state.records("/queue/tree")[0][".id"]
    for rate in range(1, 121):
        state.set("/queue/tree", id_, {"max-limit": f"{rate}M"})
    history = state.records("/system/history")
    assert len(history) == 100
    assert history[0]["action"] == "queue tree changed"


def test_the_account_is_among_the_users() -> None:
    with RouterosEmulator(user="ctl", password="x") as router:
        users = {user["name"]: user["group"] for user in router.state.records("/user")}
        group = router.state.record("/user/group", router.state.id_of("/user/group", users["ctl"]) or "")
        assert "rest-api" in group["policy"].split(",")
        router.account.policies.discard("rest-api")
        group = router.state.record("/user/group", group[".id"])
        assert "!rest-api" in group["policy"].split(",")


def test_what_was_dumped_can_be_loaded_with_routes_and_timeouts(state: State, clock: Clock) -> None:
    state.add(LIST, {"list": "steer", "address": "192.0.2.1", "timeout": "90s"})
    state.set(ROUTE, state.records(ROUTE)[0][".id"], {"disabled": "yes"}, "disable")
    clock.ns = 30 * SECOND
    again = State(state.dump(), now_ns=clock, wall_ns=lambda: 0)
    assert again.records(LIST) == state.records(LIST)
    assert again.records(LIST)[0]["timeout"] == "1m"
    again.set(ROUTE, again.records(ROUTE)[0][".id"], {"disabled": "no"}, "enable")
    assert again.records(ROUTE)[0]["distance"] == "1"
    assert again.records(ROUTE)[0]["active"] == "true"


def test_a_state_without_a_table_says_so() -> None:
    with pytest.raises(ValueError, match=r"/ip/route .*input does not match any value of routing-table"):
        State({**built_in(), ROUTE: [{"gateway": "192.0.2.1", "routing-table": "none-such"}]})
