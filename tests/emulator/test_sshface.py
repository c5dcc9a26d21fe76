"""The SSH face behaves as RouterOS's does, seen by a client that is not ours."""

import asyncio
import socket
from collections.abc import Iterator

import asyncssh
import pytest

from wanctl.testing.routeros import RouterosEmulator


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password="right", ssh_port=0) as emulator:
        yield emulator


def run(router: RouterosEmulator, *lines: str, user: str = "wanctl", password: str = "right") -> list[tuple[str, int]]:
    """Output and exit status of each line, all on one connection."""

    async def talk() -> list[tuple[str, int]]:
        async with asyncssh.connect(
            "127.0.0.1", router.ssh_port, username=user, password=password, known_hosts=None, config=[]
        ) as connection:
            results = [await connection.run(line) for line in lines]
        return [(str(one.stdout), one.exit_status or 0) for one in results]

    return asyncio.run(talk())


def test_it_says_what_it_is(router: RouterosEmulator) -> None:
    with socket.create_connection(("127.0.0.1", router.ssh_port)) as plain:
        assert plain.recv(64).startswith(b"SSH-2.0-ROSSSH")


def test_lines_end_as_the_routers_do(router: RouterosEmulator) -> None:
    assert run(router, ":put hello") == [("hello\r\n", 0)]


def test_what_fails_is_told_in_the_output_and_the_status_is_0(router: RouterosEmulator) -> None:
    assert run(router, "/queue/tree/set none max-limit=1", "/nonsense") == [
        ("no such item\r\n", 0),
        ("bad command name nonsense (line 1 column 2)\r\n", 0),
    ]


def test_only_the_first_line_is_run(router: RouterosEmulator) -> None:
    assert run(router, ":put one\n:put two") == [("one\r\n", 0)]


@pytest.mark.parametrize("user", ["wanctl", "wanctl+cte", "wanctl+ct511w4098h"])
def test_a_login_name_may_carry_options(router: RouterosEmulator, user: str) -> None:
    assert run(router, ":put in", user=user) == [("in\r\n", 0)]


@pytest.mark.parametrize(("user", "password"), [("wanctl", "wrong"), ("admin", "right"), ("wanctlx", "right")])
def test_nobody_else_gets_in(router: RouterosEmulator, user: str, password: str) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        run(router, ":put in", user=user, password=password)
    assert router.ssh.commands == 0


def test_both_faces_show_the_same_router(router: RouterosEmulator) -> None:
    run(router, '/queue/tree/set [find where name="WAN-Download-Cable"] max-limit=87M')
    assert router.max_limit("WAN-Download-Cable") == 87_000_000


def test_connections_are_shown_logged_and_limited(router: RouterosEmulator) -> None:
    ((rows, _),) = run(router, ":put [:len [/ip/service/find where dynamic]]")
    assert rows == "1\r\n"
    messages = [line["message"] for line in router.state.records("/log")]
    assert messages[0] == "user wanctl logged in from 127.0.0.1 via ssh"
    router.faults.session_limit = 0
    with pytest.raises((asyncssh.Error, OSError)):
        run(router, ":put in")


def test_a_router_without_ssh_says_so() -> None:
    with RouterosEmulator(password="x") as router, pytest.raises(AssertionError, match="without an ssh_port"):
        _ = router.ssh_port
