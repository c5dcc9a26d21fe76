"""What every transport promises, over real connections: one suite, each test once with REST and once with SSH."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wanctl.routeros import (
    Ambiguous,
    Denied,
    InterfaceCounters,
    NotFound,
    Refused,
    Router,
    SimpleLimit,
    TimedOut,
    Unreachable,
    Untrusted,
)
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros import RouterosEmulator, Write

PASSWORD = "canary-9f3c"
DOWN, UP = "WAN-Download-Cable", "WAN-Upload-Cable"
MANGLE, LIST = "/ip/firewall/mangle", "/ip/firewall/address-list"
STEER = "mw:steer:lte"
MINUTE = 60 * 10**9
Connect = Callable[..., Router]


@pytest.fixture
def emulator() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password=PASSWORD, ssh_port=0) as emulator:
        yield emulator


@pytest.fixture(params=["rest", "ssh"])
def connect(request: pytest.FixtureRequest, emulator: RouterosEmulator) -> Iterator[Connect]:
    """Makes adapters of one transport; keyword arguments replace the right ones."""
    made: list[Router] = []

    def make(**changed: Any) -> Router:
        user, password = changed.pop("user", "wanctl"), changed.pop("password", PASSWORD)
        if request.param == "rest":
            rest = {"port": emulator.port, "ca_file": emulator.ca_file, "now_ns": time.monotonic_ns}
            made.append(RestRouter("127.0.0.1", user, password, **{**rest, **changed}))
        else:
            ssh = {"port": emulator.ssh_port, "host_key": emulator.host_key_sha256}
            made.append(SshRouter("127.0.0.1", user, password, **{**ssh, **changed}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def router(connect: Connect) -> Router:
    return connect()


@pytest.fixture
def writes(emulator: RouterosEmulator) -> list[Write]:
    heard: list[Write] = []
    emulator.on_write(heard.append)
    return heard


def add_rule(emulator: RouterosEmulator, comment: str, **more: str) -> str:
    return emulator.state.add(
        MANGLE,
        {"chain": "prerouting", "action": "mark-connection", "new-connection-mark": "lte", "comment": comment, **more},
    )


def test_a_limit_is_written_and_the_routers_own_figure_comes_back(
    router: Router, emulator: RouterosEmulator, writes: list[Write]
) -> None:
    assert router.set_tree_limit(DOWN, 87_000_000) == 87_000_000
    assert emulator.max_limit(DOWN) == 87_000_000
    assert emulator.max_limit(UP) == 32_000_000
    assert [(write.command, write.name) for write in writes] == [("set", DOWN)]


def test_a_queue_is_read_with_its_counters(router: Router, emulator: RouterosEmulator) -> None:
    emulator.state.count("/queue/tree", DOWN, bytes=3_000_000_000_000, packets=2, dropped=1, queued_bytes=1_500)
    queue = router.read_tree(DOWN)
    assert (queue.name, queue.max_limit_bps) == (DOWN, 800_000_000)
    assert (queue.bytes, queue.packets, queue.dropped, queue.queued_bytes) == (3_000_000_000_000, 2, 1, 1_500)
    assert queue.id.startswith("*")
    assert not queue.disabled
    assert not queue.invalid


def test_a_queue_whose_type_is_gone_is_invalid(router: Router, emulator: RouterosEmulator) -> None:
    emulator.state.remove("/queue/type", emulator.state.id_of("/queue/type", "cake-down-cable") or "")
    assert router.read_tree(DOWN).invalid
    assert not router.read_tree(UP).invalid


def test_both_sides_of_a_simple_queue_go_out_in_one_write(
    router: Router, emulator: RouterosEmulator, writes: list[Write]
) -> None:
    emulator.state.add("/queue/simple", {"name": "lte", "target": "192.168.88.0/24", "max-limit": "20M/100M"})
    writes.clear()
    assert router.read_simple("lte").download_bps == 100_000_000
    assert router.set_simple_limit("lte", 8_000_000, 40_000_000) == SimpleLimit(8_000_000, 40_000_000)
    assert len(writes) == 1
    assert router.read_simple("lte").upload_bps == 8_000_000


def test_interface_counters_follow_the_traffic(router: Router, emulator: RouterosEmulator) -> None:
    emulator.state.add_counter_bytes("ether1", 5_000_000_000_000, 7)
    assert router.read_interface("ether1") == InterfaceCounters(rx_bytes=5_000_000_000_000, tx_bytes=7)


def test_the_router_says_who_it_is(router: Router) -> None:
    resource = router.resource()
    assert resource.version == "7.23.7 (long-term)"
    assert resource.board == "RB5009UG+S+"
    assert resource.uptime_ns >= 298 * 10**9
    assert resource.cpu_load == 1
    assert resource.sectors_written == 169
    assert router.identity() == "MikroTik"


def test_a_missing_queue_is_named_with_its_near_names(router: Router, writes: list[Write]) -> None:
    with pytest.raises(NotFound) as caught:
        router.set_tree_limit("WAN-Donwload-Cable", 70_000_000)
    assert str(caught.value) == (
        "the router has no queue tree entry 'WAN-Donwload-Cable' (did you mean 'WAN-Download-Cable'?)"
    )
    assert writes == []


def test_two_of_one_name_are_left_alone(connect: Connect, emulator: RouterosEmulator, writes: list[Write]) -> None:
    emulator.state.place("/queue/tree", {"name": DOWN, "parent": "global"})
    with pytest.raises(Ambiguous, match=f"2 objects '{DOWN}'"):
        connect().set_tree_limit(DOWN, 70_000_000)
    assert writes == []


def test_a_limit_of_nothing_is_never_written(router: Router, writes: list[Write]) -> None:
    for write in (lambda: router.set_tree_limit(DOWN, 0), lambda: router.set_simple_limit("x", 1, 0)):
        with pytest.raises(AssertionError):
            write()
    assert writes == []


def test_an_entry_is_added_and_refreshed(router: Router, emulator: RouterosEmulator) -> None:
    first = router.set_list_entry("steer-lte", "192.168.88.50/32", MINUTE, STEER)
    assert (first.list, first.address, first.comment) == ("steer-lte", "192.168.88.50", STEER)
    assert first.ttl_ns is not None
    assert 50 * 10**9 < first.ttl_ns <= MINUTE
    again = router.set_list_entry("steer-lte", "192.168.88.50", 10 * MINUTE, STEER)
    assert again.id == first.id
    assert again.ttl_ns is not None
    assert 9 * MINUTE < again.ttl_ns <= 10 * MINUTE
    assert [entry.address for entry in router.read_list("steer-lte")] == ["192.168.88.50"]
    assert router.read_list("other") == ()
    assert emulator.state.records(LIST)[0]["dynamic"] == "true"


def test_an_entry_is_removed_once(router: Router, emulator: RouterosEmulator) -> None:
    router.set_list_entry("steer-lte", "0.0.0.0/0", MINUTE, STEER)
    assert router.remove_list_entry("steer-lte", "0.0.0.0/0", STEER)
    assert emulator.state.records(LIST) == []
    assert not router.remove_list_entry("steer-lte", "0.0.0.0/0", STEER)


@pytest.mark.parametrize("theirs", [{"comment": "by hand", "timeout": "1h"}, {"comment": STEER}, {}])
def test_somebody_elses_entry_is_left_alone(router: Router, emulator: RouterosEmulator, theirs: dict[str, str]) -> None:
    emulator.state.add(LIST, {"list": "steer-lte", "address": "192.0.2.7", **theirs})
    before = emulator.state.records(LIST)
    for write in (
        lambda: router.set_list_entry("steer-lte", "192.0.2.7", MINUTE, STEER),
        lambda: router.remove_list_entry("steer-lte", "192.0.2.7", STEER),
    ):
        with pytest.raises(Refused, match=r"192\.0\.2\.7 is in the list"):
            write()
    assert [entry["list"] for entry in emulator.state.records(LIST)] == ["steer-lte"]
    assert emulator.state.records(LIST)[0].get("comment") == before[0].get("comment")


def test_what_is_no_address_goes_into_no_list(router: Router, writes: list[Write]) -> None:
    with pytest.raises(Refused, match="cannot go into an address list"):
        router.set_list_entry("steer-lte", "192.0.2.7; /system/reboot", MINUTE, STEER)
    assert writes == []


def test_a_rule_is_enabled_and_disabled_by_its_comment(router: Router, emulator: RouterosEmulator) -> None:
    other, ours = add_rule(emulator, "other"), add_rule(emulator, STEER, disabled="yes")
    assert router.set_rule_enabled("mangle", STEER, enabled=True)
    assert emulator.state.record(MANGLE, ours)["disabled"] == "false"
    assert not router.set_rule_enabled("mangle", STEER, enabled=False)
    assert emulator.state.record(MANGLE, ours)["disabled"] == "true"
    assert "disabled" not in emulator.state.record(MANGLE, other)


def test_a_rule_is_not_touched_unless_it_is_the_only_one(
    router: Router, emulator: RouterosEmulator, writes: list[Write]
) -> None:
    with pytest.raises(NotFound, match=f"no mangle rule '{STEER}'"):
        router.set_rule_enabled("mangle", STEER, enabled=True)
    add_rule(emulator, STEER, disabled="yes")
    add_rule(emulator, STEER, disabled="yes")
    writes.clear()
    with pytest.raises(Ambiguous):
        router.set_rule_enabled("mangle", STEER, enabled=True)
    assert writes == []


def test_rules_are_read_in_order_with_what_they_match(router: Router, emulator: RouterosEmulator) -> None:
    add_rule(emulator, "second", **{"connection-state": "new", "dst-address-type": "!local"})
    add_rule(emulator, "third", disabled="yes")
    second, third = router.read_rules("mangle")
    assert (second.comment, second.chain, second.action) == ("second", "prerouting", "mark-connection")
    assert second.fields["dst-address-type"] == "!local"
    assert "src-address-list" not in second.fields
    assert not second.disabled
    assert third.disabled


def test_a_fasttrack_rule_that_bypasses_the_queues_is_known(router: Router, emulator: RouterosEmulator) -> None:
    rule = router.read_rules("filter")[0]
    assert rule.action == "fasttrack-connection"
    assert not rule.bypasses_queues  # it leaves out what has a mark
    emulator.state.unset("/ip/firewall/filter", rule.id, "connection-mark")
    assert router.read_rules("filter")[0].bypasses_queues
    emulator.state.set("/ip/firewall/filter", rule.id, {"disabled": "yes"})
    assert not router.read_rules("filter")[0].bypasses_queues


def test_routes_are_read_as_far_as_the_router_tells(router: Router, emulator: RouterosEmulator) -> None:
    emulator.state.add("/ip/route", {"gateway": "192.0.2.1", "distance": "2", "disabled": "yes", "comment": "lte"})
    first, second = router.read_routes()
    assert (first.dst_address, first.gateway, first.table) == ("0.0.0.0/0", "198.51.100.1", "main")
    assert (first.distance, first.check_gateway, first.active, first.disabled) == (1, "ping", True, False)
    assert (second.comment, second.distance, second.active, second.disabled) == ("lte", None, False, True)


def test_services_are_read_without_the_connections(router: Router) -> None:
    services = {service.name: service for service in router.read_services()}
    assert services["www-ssl"].port == 443
    assert services["www-ssl"].certificate == "web"
    assert services["www"].disabled
    assert services["ssh"].max_sessions == 20
    assert services["api-ssl"].certificate == ""
    assert len(services) == 8


def test_the_users_policies_are_read(router: Router, emulator: RouterosEmulator) -> None:
    assert router.policies() == {"read", "write", "api", "rest-api", "ssh", "test"}
    emulator.account.policies.discard("test")
    assert "test" not in router.policies()


def test_a_wrong_password_is_denied(connect: Connect, emulator: RouterosEmulator) -> None:
    with pytest.raises(Denied, match="does not accept the user 'wanctl'"):
        connect(password="wrong").identity()
    assert "login failure for user wanctl" in emulator.state.records("/log")[-1]["message"]


@pytest.mark.parametrize("missing", ["write", "read"])
def test_a_missing_policy_is_denied_and_nothing_changes(
    router: Router, emulator: RouterosEmulator, writes: list[Write], missing: str
) -> None:
    emulator.account.policies.discard(missing)
    with pytest.raises(Denied, match=r"\(9\)") as caught:
        router.set_tree_limit(DOWN, 70_000_000)
    assert "read, write" in caught.value.hint
    assert writes == []


def test_a_closed_idle_connection_is_survived(router: Router, emulator: RouterosEmulator) -> None:
    router.set_tree_limit(DOWN, 80_000_000)
    emulator.drop_connections()
    assert router.set_tree_limit(DOWN, 70_000_000) == 70_000_000
    emulator.drop_connections()
    assert router.identity() == "MikroTik"


def test_a_service_that_hangs_up_is_unreachable(connect: Connect, emulator: RouterosEmulator) -> None:
    router = connect()
    router.identity()
    emulator.faults.down = {"rest", "ssh"}
    emulator.drop_connections()
    with pytest.raises(Unreachable):
        router.identity()
    emulator.faults.down = set()
    assert router.identity() == "MikroTik"


def test_a_router_that_says_nothing_times_out(connect: Connect, emulator: RouterosEmulator) -> None:
    router = connect(read_timeout_ns=150_000_000)
    router.set_tree_limit(DOWN, 80_000_000)
    emulator.faults.late_ns = 400_000_000
    with pytest.raises(TimedOut, match=r"within 0\.15 s"):
        router.set_tree_limit(DOWN, 70_000_000)


def test_somebody_else_is_not_told_the_password(
    connect: Connect, emulator: RouterosEmulator, request: pytest.FixtureRequest
) -> None:
    other = {"host_key": "SHA256:" + "A" * 43} if "ssh" in request.node.name else {"pin": "sha256//" + "A" * 43 + "="}
    with pytest.raises(Untrusted, match="than the pinned one: it is") as caught:
        connect(**other).identity()
    assert "somebody is in between" in caught.value.hint
    assert emulator.requests == 0
    assert emulator.state.records("/log") == []


def test_each_transport_stays_on_one_connection(router: Router, emulator: RouterosEmulator) -> None:
    for rate in range(80_000_000, 80_000_010):
        router.set_tree_limit(DOWN, rate)
    router.resource()
    router.read_interface("ether1")
    assert emulator.connections + emulator.ssh.connections == 1
    assert len([line for line in emulator.state.records("/log") if "logged in" in line["message"]]) == 1


def test_a_write_that_the_router_refuses_is_told_in_its_words(router: Router, emulator: RouterosEmulator) -> None:
    emulator.faults.disk_full = True
    with pytest.raises(Refused, match="not enough space on disk"):
        router.set_tree_limit(DOWN, 70_000_000)
    assert emulator.max_limit(DOWN) == 800_000_000


def test_the_password_is_in_no_repr(router: Router) -> None:
    assert PASSWORD not in repr(router) + repr(vars(router).values())


HOSTILE = (
    'x"; /system/reboot; :put "', "x$[/system/reboot]", "x$(1+1)", "$x", "x;y", "x]", "{x}", "x\ny", "x\ty", "x\\",
    "x#y", "a=b", "*1000000", "..", "Zürich", "通道", "a\u202eb", "x' or 1=1", "x~y", "x|y", "%2A",
    "../../system/identity",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_meant_exactly_or_refused(
    router: Router, emulator: RouterosEmulator, writes: list[Write], name: str
) -> None:
    """Nothing but the queue of that very name is touched, and no name runs."""
    orders: list[str] = []
    emulator.account.policies.add("reboot")
    emulator.state.on_reboot = lambda: orders.append("reboot")
    emulator.state.add("/queue/tree", {"name": name, "parent": "global", "max-limit": "5M"})
    writes.clear()
    before = [emulator.max_limit(other) for other in (DOWN, UP)]
    try:
        assert router.set_tree_limit(name, 7_000_000) == 7_000_000
    except Refused:
        assert emulator.max_limit(name) == 5_000_000
    else:
        assert emulator.max_limit(name) == 7_000_000
        assert router.read_tree(name).name == name
    assert {(write.menu, write.name) for write in writes} <= {("/queue/tree", name)}
    assert [emulator.max_limit(other) for other in (DOWN, UP)] == before
    assert orders == []
