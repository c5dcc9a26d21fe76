"""What a bad day looks like over SSH."""

import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from wanctl.routeros import Denied, NotFound, Refused, RouterError, TimedOut, Unreachable, Untrusted
from wanctl.routeros.channel import fingerprint
from wanctl.routeros.commandline import complaint, records, said
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros import RouterosEmulator, Write

PASSWORD = "canary-9f3c"
DOWN = "WAN-Download-Cable"
OTHER_KEY = "SHA256:" + "A" * 43
Connect = Callable[..., SshRouter]


@pytest.fixture
def emulator() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password=PASSWORD, ssh_port=0) as emulator:
        yield emulator


@pytest.fixture
def connect(emulator: RouterosEmulator) -> Iterator[Connect]:
    made: list[SshRouter] = []

    def make(**changed: Any) -> SshRouter:
        right = {"port": emulator.ssh_port, "host_key": emulator.host_key_sha256}
        password = changed.pop("password", PASSWORD)
        made.append(SshRouter("127.0.0.1", "wanctl", password, **{**right, **changed}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that is no SSH server."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_new_host_key_is_refused_before_the_password_leaves(connect: Connect, emulator: RouterosEmulator) -> None:
    router = connect()
    router.identity()
    emulator.ssh.swap_host_key()
    before = len(emulator.state.records("/log"))
    with pytest.raises(Untrusted, match="another host key than the pinned one") as caught:
        router.identity()
    assert emulator.host_key_sha256 in str(caught.value)
    assert len([line for line in emulator.state.records("/log")[before:] if "logged in" in line["message"]]) == 0
    assert connect().identity() == "MikroTik"


def test_a_known_host_needs_no_fingerprint(connect: Connect, emulator: RouterosEmulator, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{emulator.ssh_port} {emulator.ssh.public_key}\n")
    assert connect(host_key=None, known_hosts=known).identity() == "MikroTik"
    emulator.ssh.swap_host_key()
    with pytest.raises(Untrusted, match="another host key"):
        connect(host_key=None, known_hosts=known).identity()


@pytest.mark.parametrize(
    ("trust", "message"),
    [
        ({"host_key": None}, "nothing says how to recognise the router"),
        ({"host_key": "SHA256:short"}, "'SHA256:short' is not a fingerprint"),
        ({"host_key": None, "known_hosts": "/nowhere/known_hosts"}, "cannot use the file of known hosts"),
    ],
)
def test_trust_that_cannot_work_is_refused_at_once(connect: Connect, trust: dict[str, Any], message: str) -> None:
    with pytest.raises(Untrusted, match=message):
        connect(**trust)


def test_a_fingerprint_may_end_as_base64_does(connect: Connect, emulator: RouterosEmulator) -> None:
    assert connect(host_key=f"{OTHER_KEY};{emulator.host_key_sha256}=").identity() == "MikroTik"


def test_a_port_without_ssh_is_named_as_such(connect: Connect, mute: int) -> None:
    with pytest.raises(Unreachable, match="does not greet like an SSH server"):
        connect(port=mute).identity()


def test_a_closed_port_is_unreachable(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
        connect(port=port).identity()


def test_a_group_without_ssh_is_denied(connect: Connect, emulator: RouterosEmulator) -> None:
    emulator.account.policies.discard("ssh")
    with pytest.raises(Denied, match="does not accept the user") as caught:
        connect().identity()
    assert "policy ssh" in caught.value.hint


def test_a_humanised_figure_is_the_same_figure(connect: Connect, emulator: RouterosEmulator) -> None:
    emulator.faults.humanised_get = True
    assert connect().set_tree_limit(DOWN, 87_500_000) == 87_500_000
    assert connect().read_tree(DOWN).max_limit_bps == 87_500_000


@pytest.mark.parametrize(
    "name", ['a"b', "x$[/system/identity/set name=owned]", "a;b", "x\n/system/reboot", "a]b", "a\u202eb", "$x", "a\\"]
)
def test_a_hostile_name_is_refused_and_runs_nothing(connect: Connect, emulator: RouterosEmulator, name: str) -> None:
    emulator.state.place("/queue/tree", {"name": name, "parent": "global", "max-limit": "1M"})
    writes: list[Write] = []
    emulator.on_write(writes.append)
    router = connect()
    for work in (
        lambda: router.set_tree_limit(name, 2_000_000),
        lambda: router.read_interface(name),
        lambda: router.set_rule_enabled("mangle", name, enabled=True),
        lambda: router.set_list_entry(name, "192.0.2.1", 10**10, "x"),
        lambda: router.set_list_entry("x", "192.0.2.1", 10**10, name),
        lambda: router.read_list(name),
    ):
        with pytest.raises(Refused, match="cannot be used over SSH"):
            work()
    assert writes == []
    assert emulator.ssh.commands == 0


def test_a_write_that_timed_out_is_not_repeated(connect: Connect, emulator: RouterosEmulator) -> None:
    router = connect(read_timeout_ns=150_000_000)
    router.set_tree_limit(DOWN, 80_000_000)
    emulator.faults.delay_ns = 400_000_000
    with pytest.raises(RouterError, match="did not answer a command"):
        router.set_tree_limit(DOWN, 70_000_000)
    emulator.faults.delay_ns = 0
    assert router.identity() == "MikroTik"
    assert emulator.ssh.commands <= 3


def test_a_connection_that_breaks_before_the_answer_is_no_time_out(
    connect: Connect, emulator: RouterosEmulator
) -> None:
    router = connect()
    router.set_tree_limit(DOWN, 80_000_000)
    written = threading.Event()
    emulator.on_write(lambda _: written.set())
    emulator.faults.late_ns = 5_000_000_000

    def cut() -> None:
        written.wait(10)
        emulator.drop_connections()

    cutting = threading.Thread(target=cut)
    cutting.start()
    with pytest.raises(Unreachable, match="closed the connection"):
        router.set_tree_limit(DOWN, 70_000_000)
    cutting.join()
    assert emulator.max_limit(DOWN) == 70_000_000
    assert emulator.ssh.commands == 2


class Undecided(paramiko.ServerInterface):
    """A server that never says whether it takes a command."""

    def __init__(self) -> None:
        self.enough = threading.Event()

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        return self.enough.wait(20)


def test_a_command_that_is_never_taken_times_out() -> None:
    key, undecided = paramiko.RSAKey.generate(2048), Undecided()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            transport = paramiko.Transport(peer)
            transport.add_server_key(key)
            transport.start_server(server=undecided)
            transport.join(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        router = SshRouter(
            "127.0.0.1", "u", "p", port=server.getsockname()[1], host_key=fingerprint(key), read_timeout_ns=200_000_000
        )
        with router, pytest.raises(TimedOut, match=r"within 0\.2 s"):
            router.set_tree_limit(DOWN, 70_000_000)
        undecided.enough.set()
        thread.join()


def test_a_half_written_pair_comes_back_as_it_is(connect: Connect, emulator: RouterosEmulator) -> None:
    emulator.state.add("/queue/simple", {"name": "lte", "max-limit": "20M/100M"})
    emulator.faults.half_writes = 1
    assert connect().set_simple_limit("lte", 8_000_000, 40_000_000) == (8_000_000, 100_000_000)


def test_silence_proves_nothing() -> None:
    with pytest.raises(Refused, match="did not say what became of it"):
        raise complaint(said(""), "x")
    with pytest.raises(Refused, match="did not say"):
        records("\r\n")


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("not enough permissions (9)\r\n", Denied),
        ("std failure: not allowed (9)\r\n", Denied),
        ("wanctl found 1\r\nno such item\r\n", NotFound),
        ("bad command name serialize (line 1 column 7)\r\n", Refused),
        ("expected end of command (line 1 column 30)\r\n", Refused),
        ("value of priority out of range (1..8)\r\n", Refused),
        ("interrupted\r\n", Refused),
    ],
)
def test_a_complaint_is_recognised(output: str, kind: type[RouterError]) -> None:
    assert type(complaint(said(output), "x")) is kind


def test_the_password_is_seen_nowhere(
    connect: Connect, emulator: RouterosEmulator, mute: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    adapters = [connect(), connect(host_key=OTHER_KEY), connect(port=mute), connect(read_timeout_ns=100_000_000)]
    emulator.account.policies.discard("read")
    said_ = [repr(one) for one in adapters]
    for at, router in enumerate(adapters):
        emulator.faults.delay_ns = 300_000_000 if at == len(adapters) - 1 else 0
        with pytest.raises(RouterError) as caught:
            router.set_tree_limit(DOWN, 70_000_000)
        error = caught.value
        said_ += [str(error), repr(error), error.hint, "".join(traceback.format_exception(error)), repr(vars(error))]
    assert not [text for text in [*said_, caplog.text] if PASSWORD in text]
