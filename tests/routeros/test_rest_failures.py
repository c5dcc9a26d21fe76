"""What a bad day looks like through the adapter: over real TLS, with real refusals."""

import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.routeros.conftest import PASSWORD, Connect
from wanctl.routeros import Denied, Refused, Resting, RouterError, TimedOut, Unreachable, Untrusted
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.trust import pin_of
from wanctl.testing.routeros import RouterosEmulator

DOWN = "WAN-Download-Cable"
OTHER_PIN = "sha256//" + "A" * 43 + "="


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def foreign_ca(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that accepts, reads a little, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(16)
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_foreign_authority_is_refused_before_the_password_leaves(
    router: RouterosEmulator, connect: Connect, foreign_ca: Path
) -> None:
    with pytest.raises(Untrusted, match=r"is not from the authority in .*foreign\.pem") as caught:
        connect(ca_file=foreign_ca).identity()
    assert "somebody is in between" in caught.value.hint
    assert router.requests == 0


def test_a_certificate_for_another_name_is_refused() -> None:
    with RouterosEmulator(password="x", names=("router.example",)) as router:
        rest = RestRouter("127.0.0.1", "wanctl", "x", port=router.port, ca_file=router.ca_file, now_ns=lambda: 0)
        with rest, pytest.raises(Untrusted, match="for another name or address") as caught:
            rest.identity()
        assert "subject-alt-name" in caught.value.hint
        assert router.requests == 0


def test_a_port_without_tls_is_named_as_such(connect: Connect, mute: int) -> None:
    with pytest.raises(Untrusted, match="does not speak TLS"):
        connect(port=mute).identity()


def test_a_pinned_key_needs_no_authority(router: RouterosEmulator, connect: Connect) -> None:
    rest = connect(ca_file=None, pin=router.pin)
    assert rest.set_tree_limit(DOWN, 87_000_000) == 87_000_000


def test_one_of_several_pins_is_enough(router: RouterosEmulator, connect: Connect) -> None:
    assert connect(ca_file=None, pin=f"{OTHER_PIN};{router.pin}").identity() == "MikroTik"


def test_another_key_than_the_pinned_one_is_refused_and_shown(router: RouterosEmulator, connect: Connect) -> None:
    with pytest.raises(Untrusted, match="another key than the pinned one") as caught:
        connect(ca_file=None, pin=OTHER_PIN).identity()
    assert router.pin in str(caught.value)
    assert router.requests == 0


def test_a_pin_counts_beside_a_right_authority(router: RouterosEmulator, connect: Connect) -> None:
    with pytest.raises(Untrusted, match="another key"):
        connect(pin=OTHER_PIN).identity()
    assert router.requests == 0


def test_the_pin_is_that_of_the_public_key() -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    assert pin_of(der).startswith("sha256//")
    assert len(pin_of(der)) == len(OTHER_PIN)


@pytest.mark.parametrize(
    ("trust", "message"),
    [
        ({"ca_file": None}, "nothing says how to recognise the router"),
        ({"ca_file": "/nowhere/ca.pem"}, "cannot use the CA file /nowhere/ca.pem: No such file"),
        ({"ca_file": __file__}, "it holds no PEM certificate"),
        ({"ca_file": None, "pin": "sha256//short"}, "'sha256//short' is not a pin"),
        ({"ca_file": None, "pin": "md5//x"}, "is not a pin"),
    ],
)
def test_trust_that_cannot_work_is_refused_at_once(connect: Connect, trust: dict[str, str], message: str) -> None:
    with pytest.raises(Untrusted, match=message):
        connect(**trust)


def test_a_wrong_password_is_denied(connect: Connect) -> None:
    with pytest.raises(Denied, match="does not accept the user 'wanctl'"):
        connect(password="wrong").identity()


def test_a_password_may_hold_any_character() -> None:
    password = 'pä:ss "wörd" \u20ac'
    with RouterosEmulator(password=password) as router:
        rest = RestRouter("127.0.0.1", "wanctl", password, port=router.port, ca_file=router.ca_file, now_ns=lambda: 0)
        with rest:
            assert rest.identity() == "MikroTik"


@pytest.mark.parametrize("missing", ["write", "api", "read"])
def test_a_missing_policy_is_denied_and_nothing_changes(
    router: RouterosEmulator, rest: RestRouter, missing: str
) -> None:
    router.account.policies.discard(missing)
    with pytest.raises(Denied, match=r"\(9\)") as caught:
        rest.set_tree_limit(DOWN, 70_000_000)
    assert "read, write, api and rest-api" in caught.value.hint
    assert router.max_limit(DOWN) == 800_000_000


def test_a_closed_idle_connection_is_survived(router: RouterosEmulator, rest: RestRouter) -> None:
    rest.set_tree_limit(DOWN, 80_000_000)
    router.drop_connections()
    assert rest.set_tree_limit(DOWN, 70_000_000) == 70_000_000
    assert router.connections == 2


def test_a_closed_port_is_unreachable(router: RouterosEmulator, connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
        connect(port=port).identity()


def test_after_a_time_out_the_router_is_left_alone_for_two_seconds(router: RouterosEmulator, connect: Connect) -> None:
    clock = Clock()
    rest = connect(now_ns=clock, read_timeout_ns=150_000_000)
    rest.set_tree_limit(DOWN, 80_000_000)
    router.faults.delay_ns = 2_000_000_000
    with pytest.raises(TimedOut, match=r"did not answer a request within 0\.15 s"):
        rest.set_tree_limit(DOWN, 70_000_000)
    router.faults.delay_ns = 0
    before = (router.requests, router.connections)
    for clock.ns in (0, 1_999_999_999):
        with pytest.raises(Resting) as caught:
            rest.identity()
        assert caught.value.until_ns == 2_000_000_000
    assert (router.requests, router.connections) == before
    clock.ns = 2_000_000_000
    assert rest.set_tree_limit(DOWN, 60_000_000) == 60_000_000
    assert router.connections == before[1] + 1


def test_a_denial_just_after_a_time_out_is_asked_for_again(router: RouterosEmulator, connect: Connect) -> None:
    # RouterOS may give the answer of an abandoned request to the next one.
    clock = Clock()
    rest = connect(now_ns=clock, read_timeout_ns=150_000_000)
    router.faults.delay_ns = 2_000_000_000
    with pytest.raises(TimedOut):
        rest.identity()
    router.faults.delay_ns = 0
    clock.ns = 3_000_000_000
    router.faults.stray_denials = 1
    assert rest.identity() == "MikroTik"
    router.faults.stray_denials = 2
    with pytest.raises(Denied):
        rest.identity()
    clock.ns = 60_000_000_000
    router.faults.stray_denials = 1
    with pytest.raises(Denied):
        rest.identity()


def test_a_write_that_timed_out_is_not_repeated(router: RouterosEmulator, connect: Connect) -> None:
    rest = connect(read_timeout_ns=150_000_000)
    rest.set_tree_limit(DOWN, 80_000_000)
    router.faults.delay_ns = 400_000_000
    with pytest.raises(TimedOut):
        rest.set_tree_limit(DOWN, 70_000_000)
    assert router.rest.answered["PATCH"] == 1  # the second one is still waiting inside the router


def test_an_answer_of_something_else_is_refused(connect: Connect, foreign_ca: Path) -> None:
    del foreign_ca
    with RouterosEmulator(password="x", state={"/system/resource": [{"uptime": "1s"}]}) as router:
        rest = RestRouter("127.0.0.1", "wanctl", "x", port=router.port, ca_file=router.ca_file, now_ns=lambda: 0)
        with rest, pytest.raises(Refused, match="it has no 'version'"):
            rest.resource()


def test_the_password_is_seen_nowhere(
    router: RouterosEmulator, connect: Connect, foreign_ca: Path, mute: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    adapters = [
        connect(),
        connect(ca_file=foreign_ca),
        connect(port=mute),
        connect(ca_file=None, pin=OTHER_PIN),
        connect(read_timeout_ns=100_000_000),
    ]
    router.account.policies.discard("read")
    said = [repr(one) for one in adapters]
    for at, rest in enumerate(adapters):
        router.faults.delay_ns = 500_000_000 if at == len(adapters) - 1 else 0
        with pytest.raises(RouterError) as caught:
            rest.set_tree_limit(DOWN, 70_000_000)
        error = caught.value
        said += [str(error), repr(error), error.hint, "".join(traceback.format_exception(error)), repr(vars(error))]
        assert error.__context__ is None or PASSWORD not in repr(vars(error.__context__))
    assert not [text for text in [*said, caplog.text] if PASSWORD in text]
    assert len(said) == len(adapters) * 6


def test_a_router_that_hangs_up_is_unreachable(connect: Connect, router: RouterosEmulator) -> None:
    rest = connect()
    rest.identity()
    router.__exit__()
    with pytest.raises(Unreachable, match="Connection refused"):
        rest.identity()
