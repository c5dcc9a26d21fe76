"""A class is moved on an emulated router: made before it is broken, adopted, refreshed, left to itself."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.steerer.running import LIST, PLAN, TTL_NS, House, eventually, house, look_again, move
from wanctl.testing.routeros.forwarding import Connection, gateway
from wanctl.testing.routeros.state import Write

CABLE, DSL, LTE = (link.gateway for link in PLAN.links)


@pytest.fixture
def home() -> Iterator[House]:
    with house() as made:
        yield made


def test_a_class_is_moved_and_comes_home(home: House) -> None:
    with home.steering() as steerer:
        eventually(lambda: home.settled(steerer, "realtime", "cable"))
        steerer.want(move("realtime", "lte"))
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
        assert home.on() == {"realtime.lte"}
        steerer.want(move("realtime", "cable"))
        eventually(lambda: home.settled(steerer, "realtime", "cable"))
        assert home.on() == set()


def test_a_move_is_made_before_it_is_broken(home: House) -> None:
    seen: list[set[str]] = []

    def listen(write: Write) -> None:
        if write.menu == LIST:
            seen.append(home.on())

    with home.steering() as steerer:
        steerer.want(move("realtime", "dsl"))
        eventually(lambda: home.settled(steerer, "realtime", "dsl"))
        home.router.on_write(listen)
        steerer.want(move("realtime", "lte"))
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
    assert seen == [{"realtime.dsl", "realtime.lte"}, {"realtime.lte"}]


def test_what_a_daemon_left_is_adopted_by_the_next_one_and_not_undone(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("realtime", "lte"))
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
    assert home.on() == {"realtime.lte"}
    with home.steering() as steerer:
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
    assert home.on() == {"realtime.lte"}


def test_a_switch_is_refreshed_and_without_a_daemon_it_goes_off_by_itself(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("work", "cable"))
        eventually(lambda: home.settled(steerer, "work", "cable"))
        steerer.modes["work"].turned("cable", home.clock.now_ns() + 1_000_000_000)  # it believes that a second is left
        home.clock.ahead_ns += 40_000_000_000
        eventually(lambda: home.left_s("work.cable") > 80)
    work = Connection("192.168.88.20", "151.101.1.1")
    home.clock.ahead_ns += TTL_NS - 5_000_000_000
    assert gateway(home.router.state, replace(work)) == CABLE
    home.clock.ahead_ns += 6_000_000_000
    assert gateway(home.router.state, replace(work)) == DSL


def test_after_a_reboot_of_the_router_a_class_is_steered_again_and_nobody_is_blamed(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("realtime", "lte"))
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
        home.clock.ahead_ns += 60_000_000_000
        look_again(steerer)
        home.router.reboot(down_ns=200_000_000)
        eventually(lambda: home.on() == {"realtime.lte"} and home.settled(steerer, "realtime", "lte"))
        assert any("rebooted" in note for note in home.notes)
        assert not any("DIFFERENT" in note for note in home.notes)


def test_rest_fails_between_make_and_break_and_the_move_is_finished_when_it_answers(home: House) -> None:
    def fail(write: Write) -> None:
        if write.menu == LIST and write.command == "add":
            home.router.faults.denied = True

    with home.steering() as steerer:
        steerer.want(move("realtime", "dsl"))
        eventually(lambda: home.settled(steerer, "realtime", "dsl"))
        home.router.on_write(fail)
        steerer.want(move("realtime", "lte"))
        eventually(lambda: steerer.states["realtime"] == "UNREACHABLE")
        assert home.on() == {"realtime.dsl", "realtime.lte"}
        assert steerer.troubles
        home.router.faults.denied = False
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
        assert home.on() == {"realtime.lte"}
        assert steerer.troubles == ()


def test_when_the_shaper_goes_over_to_ssh_steering_follows(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("realtime", "lte"))
        eventually(lambda: home.settled(steerer, "realtime", "lte"))
        home.router.faults.down = {"rest"}
        home.router.drop_connections(("rest",))
        eventually(lambda: steerer.states["realtime"] == "UNREACHABLE")
        home.way = "ssh"
        steerer.want(move("realtime", "dsl"))
        eventually(lambda: home.settled(steerer, "realtime", "dsl"))
        assert home.on() == {"realtime.dsl"}


def test_a_switch_of_somebody_else_is_reported_and_not_touched(home: House) -> None:
    with home.steering() as steerer:
        eventually(lambda: home.settled(steerer, "realtime", "cable"))
        id_ = home.router.state.place(LIST, {"list": "wanctl-realtime.dsl", "address": "0.0.0.0/0", "comment": "mine"})
        eventually(lambda: steerer.states["realtime"] == "DIFFERENT")
        steerer.want(move("realtime", "lte"))
        eventually(lambda: any(one.state == "DIFFERENT" and one.wan == "dsl" for one in steerer.take()))
        assert home.on() == {"realtime.dsl"}
        home.router.state.remove(LIST, id_)
        eventually(lambda: home.settled(steerer, "realtime", "lte"))


def test_whoever_turns_a_switch_off_three_times_means_it_until_the_operator_hands_it_back(home: House) -> None:
    with home.steering() as steerer:
        for _ in range(3):
            steerer.want(move("realtime", "lte"))
            eventually(lambda: home.settled(steerer, "realtime", "lte"))
            home.drop("realtime", "lte")
            eventually(lambda: not home.settled(steerer, "realtime", "lte"))
        eventually(lambda: steerer.states["realtime"] == "HANDS_OFF")
        steerer.want(move("realtime", "dsl"))
        look_again(steerer)
        assert home.on() == set()
        steerer.give_back("realtime")
        eventually(lambda: home.settled(steerer, "realtime", "dsl"))


def test_a_wish_for_a_wan_that_the_class_may_not_use_is_refused_with_a_sentence(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("work", "lte"))
        eventually(lambda: any("work cannot go to lte" in note for note in home.notes))
        assert home.on() == set()


def test_a_move_that_is_wanted_when_the_daemon_is_stopped_is_finished(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("realtime", "dsl"))
        eventually(lambda: home.settled(steerer, "realtime", "dsl"))
        steerer.want(move("realtime", "lte"))
        steerer.want(move("work", "cable"))
        assert steerer.stop()
    assert home.on() == {"realtime.lte", "work.cable"}


def test_a_stop_does_not_wait_for_a_router_that_is_gone(home: House) -> None:
    with home.steering() as steerer:
        steerer.want(move("realtime", "dsl"))
        eventually(lambda: home.settled(steerer, "realtime", "dsl"))
        home.router.faults.down = {"rest"}
        home.router.drop_connections()
        steerer.want(move("realtime", "cable"))
        assert steerer.stop()
    assert home.on() == {"realtime.dsl"}
