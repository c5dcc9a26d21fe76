"""What the operations do to a router, over real HTTPS."""

import pytest

from tests.routeros.conftest import PASSWORD, Connect
from wanctl.routeros import Ambiguous, InterfaceCounters, NotFound, Refused, Router, SimpleLimit
from wanctl.routeros.rest import RestRouter
from wanctl.testing.routeros import RouterosEmulator, Write, built_in

DOWN, UP = "WAN-Download-Cable", "WAN-Upload-Cable"


def test_a_limit_is_written_and_the_routers_own_figure_comes_back(router: RouterosEmulator, rest: RestRouter) -> None:
    assert rest.set_tree_limit(DOWN, 87_000_000) == 87_000_000
    assert router.max_limit(DOWN) == 87_000_000
    assert router.max_limit(UP) == 32_000_000


def test_a_known_queue_takes_one_request_a_write(router: RouterosEmulator, rest: RestRouter) -> None:
    rest.set_tree_limit(DOWN, 80_000_000)
    before = router.requests
    for rate in (81_000_000, 82_000_000, 83_000_000):
        rest.set_tree_limit(DOWN, rate)
    assert router.requests - before == 3
    assert router.rest.answered["PATCH"] == 4


def test_all_requests_share_one_connection(router: RouterosEmulator, rest: RestRouter) -> None:
    for rate in range(80_000_000, 80_000_020):
        rest.set_tree_limit(DOWN, rate)
    rest.resource()
    rest.read_interface("ether1")
    assert router.connections == 1


def test_a_queue_is_read_with_its_counters(router: RouterosEmulator, rest: RestRouter) -> None:
    router.state.count("/queue/tree", DOWN, bytes=3_000, packets=2, dropped=1, queued_bytes=1_500)
    queue = rest.read_tree(DOWN)
    assert queue.name == DOWN
    assert queue.max_limit_bps == 800_000_000
    assert (queue.bytes, queue.packets, queue.dropped, queue.queued_bytes) == (3_000, 2, 1, 1_500)
    assert not queue.disabled
    assert not queue.invalid


def test_a_queue_whose_type_is_gone_is_invalid(router: RouterosEmulator, rest: RestRouter) -> None:
    router.state.remove("/queue/type", router.state.id_of("/queue/type", "cake-down-cable") or "")
    assert rest.read_tree(DOWN).invalid
    assert not rest.read_tree(UP).invalid


def test_interface_counters_follow_the_traffic(router: RouterosEmulator, rest: RestRouter) -> None:
    router.state.add_counter_bytes("ether1", 5_000_000_000_000, 7)
    assert rest.read_interface("ether1") == InterfaceCounters(rx_bytes=5_000_000_000_000, tx_bytes=7)


def test_the_router_says_who_it_is(rest: RestRouter) -> None:
    resource = rest.resource()
    assert resource.version == "7.23.7 (long-term)"
    assert resource.board == "RB5009UG+S+"
    assert resource.uptime_ns >= 298 * 10**9
    assert resource.sectors_written == 169
    assert rest.identity() == "MikroTik"


def test_ids_that_changed_are_looked_up_again(router: RouterosEmulator, rest: RestRouter) -> None:
    rest.set_tree_limit(DOWN, 80_000_000)
    router.state.renumber("/queue/tree")
    assert rest.set_tree_limit(DOWN, 70_000_000) == 70_000_000
    assert (router.max_limit(DOWN), router.max_limit(UP)) == (70_000_000, 32_000_000)


def test_an_id_is_not_trusted_on_a_new_connection(router: RouterosEmulator, rest: RestRouter) -> None:
    # After a reboot the old id of one queue may be that of another.
    rest.set_tree_limit(DOWN, 80_000_000)
    with router.state.lock:
        down, up = router.state.records("/queue/tree")
        router.state.remove("/queue/tree", down[".id"])
        router.state.set("/queue/tree", up[".id"], {"name": "other"})
        router.state.add("/queue/tree", {"name": DOWN, "parent": "bridge"})
    router.drop_connections()
    rest.identity()
    before = router.rest.answered["PATCH"]
    rest.set_tree_limit(DOWN, 70_000_000)
    assert router.max_limit(DOWN) == 70_000_000
    assert router.rest.answered["PATCH"] - before == 1


def test_a_changed_wrong_queue_is_reported(router: RouterosEmulator, rest: RestRouter) -> None:
    rest.set_tree_limit(DOWN, 80_000_000)
    id_ = router.state.id_of("/queue/tree", DOWN) or ""
    router.state.set("/queue/tree", id_, {"name": "renamed"})
    with pytest.raises(Refused, match=f"changed 'renamed' in place of '{DOWN}'"):
        rest.set_tree_limit(DOWN, 70_000_000)


def test_a_missing_queue_is_named_with_its_near_names(router: RouterosEmulator, rest: RestRouter) -> None:
    with pytest.raises(NotFound) as caught:
        rest.set_tree_limit("WAN-Donwload-Cable", 70_000_000)
    assert str(caught.value) == (
        "the router has no queue tree entry 'WAN-Donwload-Cable' (did you mean 'WAN-Download-Cable'?)"
    )
    assert router.rest.answered.get("PATCH", 0) == 0


def test_a_missing_interface_lists_the_few_there_are(rest: RestRouter) -> None:
    with pytest.raises(NotFound, match="known here: bridge, ether1, ether2"):
        rest.read_interface("wwan0")


def test_two_queues_of_one_name_are_left_alone() -> None:
    twins = [{"name": DOWN, "parent": "global", "max-limit": rate} for rate in ("10M", "20M")]
    with RouterosEmulator({**built_in(), "/queue/tree": twins}, password="x") as router:
        writes: list[Write] = []
        router.on_write(writes.append)
        rest = RestRouter("127.0.0.1", "wanctl", "x", port=router.port, ca_file=router.ca_file, now_ns=lambda: 0)
        with rest, pytest.raises(Ambiguous, match="2 objects 'WAN-Download-Cable'"):
            rest.set_tree_limit(DOWN, 70_000_000)
        assert writes == []
        assert [record["max-limit"] for record in router.state.records("/queue/tree")] == ["10000000", "20000000"]


def test_a_limit_of_nothing_is_never_written(router: RouterosEmulator, rest: RestRouter) -> None:
    with pytest.raises(AssertionError):
        rest.set_tree_limit(DOWN, 0)
    assert router.requests == 0


def test_both_sides_of_a_simple_queue_go_out_in_one_write(router: RouterosEmulator, rest: RestRouter) -> None:
    router.state.add("/queue/simple", {"name": "lte", "target": "192.168.88.0/24", "max-limit": "20M/100M"})
    assert rest.read_simple("lte").download_bps == 100_000_000
    before = router.requests
    assert rest.set_simple_limit("lte", 8_000_000, 40_000_000) == SimpleLimit(8_000_000, 40_000_000)
    assert router.requests - before == 1
    assert rest.read_simple("lte").upload_bps == 8_000_000


def test_a_router_that_refuses_patch_is_written_by_post(router: RouterosEmulator, rest: RestRouter) -> None:
    router.faults.no_patch = True
    assert rest.set_tree_limit(DOWN, 87_000_000) == 87_000_000
    assert router.max_limit(DOWN) == 87_000_000


@pytest.mark.parametrize(
    "name", ['a"b', "a/b", "*1000001", "x$[/system/reboot]", "ä ö", "a=b,c", "print", "a&b?c#d%2A"]
)
def test_any_name_reaches_its_own_queue(router: RouterosEmulator, rest: RestRouter, name: str) -> None:
    router.state.add("/queue/tree", {"name": name, "parent": "global"})
    assert rest.set_tree_limit(name, 70_000_000) == 70_000_000
    assert router.max_limit(name) == 70_000_000
    assert (router.max_limit(DOWN), router.max_limit(UP)) == (800_000_000, 32_000_000)


def test_control_bytes_and_broken_utf8_in_a_comment_do_no_harm(router: RouterosEmulator, rest: RestRouter) -> None:
    id_ = router.state.id_of("/queue/tree", DOWN) or ""
    router.state.set("/queue/tree", id_, {"comment": "bell \x07, escape \x1b, latin \udce4"})
    assert rest.set_tree_limit(DOWN, 70_000_000) == 70_000_000


def test_the_adapter_is_a_router(connect: Connect) -> None:
    router: Router = connect()
    assert PASSWORD not in repr(router)
