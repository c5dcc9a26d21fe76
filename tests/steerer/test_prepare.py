"""What is installed on a router steers as it is meant to, is installed once, and leaves nothing behind."""

from collections.abc import Iterator

import pytest

from tests.steerer.running import LIST, PLAN, House, eventually, house, move
from wanctl.routeros.prepare import Installer, carry_out, removals, steps
from wanctl.routeros.steering import INSIDE, MANGLE
from wanctl.testing.routeros.forwarding import Connection, gateway

CABLE, DSL, LTE = (link.gateway for link in PLAN.links)
OUTSIDE = "151.101.1.1"


@pytest.fixture
def home() -> Iterator[House]:
    with house(prepared=False) as made:
        yield made


@pytest.fixture(params=["rest", "ssh"])
def router(request: pytest.FixtureRequest, home: House) -> Iterator[Installer]:
    adapter = home.installer(request.param)
    yield adapter
    adapter.close()


def call(**changed: object) -> Connection:
    return Connection("192.168.88.77", OUTSIDE, dscp=46, **changed)  # type: ignore[arg-type]


def test_a_class_is_marked_for_home_until_a_switch_is_on(home: House, router: Installer) -> None:
    carry_out(steps(PLAN, router), router)
    state = home.router.state
    assert gateway(state, call()) == CABLE
    assert gateway(state, Connection("192.168.88.20", OUTSIDE)) == DSL
    state.place(LIST, {"list": "wanctl-realtime.lte", "address": "0.0.0.0/0"})
    assert gateway(state, call()) == LTE
    state.place(LIST, {"list": "wanctl-realtime.dsl", "address": "0.0.0.0/0"})
    assert gateway(state, call()) == DSL, "the first that is preferred counts"
    assert gateway(state, Connection("192.168.88.20", OUTSIDE)) == DSL


def test_what_is_of_no_class_or_goes_inside_is_left_alone(home: House, router: Installer) -> None:
    carry_out(steps(PLAN, router), router)
    state = home.router.state
    state.place(LIST, {"list": "wanctl-realtime.lte", "address": "0.0.0.0/0"})
    for one in (
        Connection("192.168.88.77", OUTSIDE),
        Connection("192.168.88.77", "192.168.88.1", dscp=46),
        Connection("192.168.88.77", "10.1.2.3", dscp=46),
    ):
        gateway(state, one)
        assert one.mark == "no-mark"


def test_a_connection_keeps_its_wan_whatever_is_decided_later(home: House, router: Installer) -> None:
    carry_out(steps(PLAN, router), router)
    state = home.router.state
    mark = call()
    gateway(state, mark)
    state.place(LIST, {"list": "wanctl-realtime.lte", "address": "0.0.0.0/0"})
    assert gateway(state, call(mark=mark.mark)) == CABLE


def test_a_wan_whose_interface_is_down_falls_through_to_the_main_table(home: House, router: Installer) -> None:
    carry_out(steps(PLAN, router), router)
    state = home.router.state
    state.place(LIST, {"list": "wanctl-realtime.lte", "address": "0.0.0.0/0"})
    state.set("/interface", state.id_of("/interface", "ether3") or "", {"disabled": "yes"})
    assert gateway(state, call()) == CABLE


def test_what_is_there_is_not_made_again(home: House, router: Installer) -> None:
    carry_out(steps(PLAN, router), router)
    assert steps(PLAN, router) == ()


def test_whatever_somebody_spoils_is_found_and_put_right(home: House, router: Installer) -> None:
    carry_out(steps(PLAN, router), router)
    state = home.router.state
    ours = [one[".id"] for one in state.records(f"/{MANGLE}") if one.get("comment", "").startswith(PLAN.tag)]
    state.remove(f"/{MANGLE}", ours[0])
    state.set(f"/{MANGLE}", ours[3], {"disabled": "yes"})
    state.move(f"/{MANGLE}", ours[9], ours[5])
    lists = [one[".id"] for one in state.records(LIST) if one["address"] in INSIDE]
    state.remove(LIST, lists[2])
    assert steps(PLAN, router) != ()
    for _ in range(2):
        carry_out(steps(PLAN, router), router)
    assert steps(PLAN, router) == ()
    assert gateway(state, call()) == CABLE


def test_nothing_of_ours_is_left_behind_and_nothing_of_others_is_taken(home: House, router: Installer) -> None:
    before = home.router.state.dump()
    carry_out(steps(PLAN, router), router)
    carry_out(removals(PLAN, router), router)
    after = home.router.state.dump()
    for menu in ("/ip/firewall/mangle", "/ip/firewall/nat", "/ip/firewall/filter", "/ip/route", "/routing/table", LIST):
        assert after[menu] == before[menu]


def test_marked_connections_are_kept_out_of_a_fasttrack_that_would_take_them(home: House, router: Installer) -> None:
    state = home.router.state
    filters = "/ip/firewall/filter"
    fast = next(one for one in state.records(filters) if one["action"] == "fasttrack-connection")
    state.remove(filters, fast[".id"])
    state.place(filters, {"chain": "forward", "action": "fasttrack-connection", "connection-state": "established"})
    carry_out(steps(PLAN, router), router)
    assert steps(PLAN, router) == ()
    actions = [one["action"] for one in state.records(filters)]
    assert actions[-4:] == ["accept", "accept", "accept", "fasttrack-connection"]


def test_without_the_rules_nothing_is_switched_and_when_they_come_it_goes_on(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("realtime", "lte"))
        eventually(lambda: steerer.states["realtime"] == "UNPREPARED")
        assert any("wanctl init --steering home" in trouble for trouble in steerer.troubles)
        assert home.on() == set()
        home.prepare()
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
        assert steerer.troubles == ()
