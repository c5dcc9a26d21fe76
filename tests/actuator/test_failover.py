"""A router that is reached by REST and SSH: whichever works is used, and neither is believed without its key."""

import time
from collections.abc import Iterator

import pytest

from tests.actuator.running import DOWN, UP, eventually, router, shaping
from wanctl.testing.routeros import RouterosEmulator

MBIT = 1_000_000


@pytest.fixture
def emulator() -> Iterator[RouterosEmulator]:
    with router() as one:
        yield one


def down(emulator: RouterosEmulator, *faces: str) -> None:
    emulator.faults.down = set(faces)
    emulator.drop_connections(faces)


def test_ssh_takes_over_when_rest_dies_and_rest_is_taken_again(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        assert running.uses("rest")
        down(emulator, "rest")
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)
        assert running.uses("ssh")
        assert any(trouble.startswith("REST: ") for trouble in running.shaper.troubles)
        down(emulator)
        eventually(lambda: running.uses("rest") and "transport.REST" in running.leaves)
        running.want("download", 20 * MBIT)
        eventually(lambda: running.limit() == 20 * MBIT)
        eventually(lambda: running.shaper.troubles == ())


def test_a_change_that_was_made_meanwhile_is_found_after_a_switch(emulator: RouterosEmulator) -> None:
    with shaping(emulator, audit_every="1h") as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        id_ = emulator.state.id_of("/queue/tree", DOWN)
        assert id_ is not None
        down(emulator, "rest")
        emulator.state.set("/queue/tree", id_, {"max-limit": "77M"})
        eventually(lambda: running.limit() == 40 * MBIT)
        assert running.uses("ssh")


def test_a_transport_that_comes_and_goes_is_not_followed(emulator: RouterosEmulator) -> None:
    with shaping(emulator, return_every="1h") as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        for _ in range(3):
            down(emulator, "rest")
            eventually(lambda: running.uses("ssh"))
            down(emulator)
            time.sleep(0.6)  # twice what would do for a first return
        assert running.returns() == 1
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)


def test_a_certificate_of_somebody_else_is_told_and_ssh_proves_itself(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.swap_certificate()
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)
        assert running.uses("ssh")
        assert any("somebody is in between" in trouble for trouble in running.shaper.troubles)
        time.sleep(0.6)
        assert running.returns() == 0


def test_nobody_in_the_middle_gets_a_write(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.swap_certificate()
        emulator.ssh.swap_host_key()
        emulator.drop_connections()
        eventually(lambda: "router.DENIED" in running.leaves and running.uses("ssh"))
        running.want("download", 30 * MBIT)
        time.sleep(0.5)
        assert running.limit() == 40 * MBIT
        assert len(running.shaper.troubles) == 2
    assert running.limit() == 40 * MBIT  # not even on the way out


def test_a_router_that_is_gone_is_found_when_it_is_back(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        down(emulator, "rest", "ssh")
        running.want("download", 30 * MBIT)
        eventually(lambda: any(leaf.startswith("router.UNREACHABLE") for leaf in running.leaves))
        assert running.target("download").applied_bps is None or running.limit() == 40 * MBIT
        down(emulator)
        eventually(lambda: running.limit() == 30 * MBIT)
        assert running.shaper.mode.is_online


def test_after_a_reboot_the_rates_are_asserted_again(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        running.want("upload", 8 * MBIT)
        eventually(lambda: (running.limit(), running.limit(UP)) == (40 * MBIT, 8 * MBIT))
        id_ = emulator.state.id_of("/queue/tree", UP)
        assert id_ is not None
        emulator.state.set("/queue/tree", id_, {"max-limit": "19M"})  # a write that did not survive
        emulator.reboot(300_000_000)
        eventually(lambda: running.limit(UP) == 8 * MBIT)
        eventually(lambda: any("has rebooted" in note for note in running.notes))


@pytest.mark.parametrize("transport", ["rest", "ssh"])
def test_a_user_who_is_not_let_in_is_tried_seldom_and_let_in_again(emulator: RouterosEmulator, transport: str) -> None:
    with shaping(emulator, ("rest",) if transport == "rest" else ("ssh",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.denied = True
        emulator.drop_connections()
        eventually(lambda: "router.DENIED" in running.leaves)
        running.want("download", 30 * MBIT)
        emulator.faults.denied = False
        eventually(lambda: running.limit() == 30 * MBIT)


def test_a_password_that_is_mended_needs_no_restart(emulator: RouterosEmulator) -> None:
    with shaping(emulator, ("rest",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.account.password = "another-canary"
        emulator.drop_connections()
        eventually(lambda: "router.DENIED" in running.leaves)
        running.want("download", 30 * MBIT)
        running.password = "another-canary"
        eventually(lambda: running.limit() == 30 * MBIT)


def test_a_service_that_takes_no_more_connections_is_left_for_the_other_one(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.session_limit = 0
        emulator.drop_connections({"rest"})
        eventually(lambda: running.uses("ssh"))
        emulator.faults.session_limit = 20
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)
        eventually(lambda: "transport.REST" in running.leaves)


def test_a_site_with_ssh_alone_is_shaped_by_ssh(emulator: RouterosEmulator) -> None:
    with shaping(emulator, ("ssh",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        assert emulator.requests == 0
    assert running.limit() == 100 * MBIT


def test_a_site_that_prefers_ssh_returns_to_it(emulator: RouterosEmulator) -> None:
    with shaping(emulator, ("ssh", "rest")) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        assert running.uses("ssh")
        down(emulator, "ssh")
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)
        assert running.uses("rest")
        down(emulator)
        eventually(lambda: "transport.SSH" in running.leaves)


def test_the_ceilings_are_restored_over_whichever_transport_is_left(emulator: RouterosEmulator) -> None:
    with shaping(emulator, shut_after="1min") as running:
        running.want("download", 40 * MBIT)
        running.want("upload", 8 * MBIT)
        eventually(lambda: (running.limit(), running.limit(UP)) == (40 * MBIT, 8 * MBIT))
        down(emulator, "rest")
    assert (running.limit(), running.limit(UP)) == (100 * MBIT, 20 * MBIT)
