"""The SSH face: logs people in and runs what they ask for on the command line, one line for each `exec`.

As RouterOS does: error texts go to standard output and the exit status is 0 whatever happened (three public projects
report so); a login name may carry console options after a `+`; there is no terminal for `exec`.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import asyncssh

from wanctl.testing.routeros.console import Console
from wanctl.testing.routeros.session import Peer
from wanctl.testing.routeros.state import State

_START_LIMIT_S = 10.0
VERSION = "ROSSSH"


class SshFace:
    """Serves `state` on `host:port` in a thread of its own; port 0 takes any free one, which `port` then names."""

    def __init__(self, state: State, host: str, port: int) -> None:
        self.state = state
        self.commands = 0
        self.connections = 0
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.port: int = self._socket.getsockname()[1]
        self._open: dict[Peer, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._failure: BaseException | None = None
        self._acceptor: Any = None
        self._thread = threading.Thread(target=self._serve, name=f"routeros-ssh:{self.port}", daemon=True)

    @property
    def host_key_sha256(self) -> str:
        """The fingerprint of the host key: `SHA256:` and base64."""
        return str(self._key.get_fingerprint("sha256"))

    @property
    def public_key(self) -> str:
        """The host key as a file of known hosts has it, without the name of the host."""
        return " ".join(self._key.export_public_key().decode().split()[:2])

    def start(self) -> None:
        """Start to serve; returns when the server listens. Raises what kept it from doing so."""
        self._thread.start()
        if not self._listening.wait(_START_LIMIT_S) or self._failure is not None:
            raise RuntimeError("the emulator's SSH server did not start") from self._failure

    def stop(self) -> None:
        """Drop every connection and end the thread."""
        if self._thread.is_alive():
            self._call(self._hang_up)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._socket.close()

    def drop_connections(self) -> None:
        """Close all connections."""
        self._call(self._hang_up)

    def swap_host_key(self) -> None:
        """Have another host key from now on, and no connection that knew the old one."""
        self._key = asyncssh.generate_private_key("ssh-ed25519")

        def swap() -> None:
            self._acceptor.update(server_host_keys=[self._key])
            self._hang_up()

        self._call(swap)

    def _hang_up(self) -> None:
        for connection in list(self._open.values()):
            connection.abort()

    def _call(self, work: Callable[[], None]) -> None:
        """Do something in the server's thread, and wait for it."""

        async def do() -> None:
            work()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(_START_LIMIT_S)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._acceptor = self._loop.run_until_complete(self._listen())
            self._listening.set()
            self._loop.run_forever()
            self._acceptor.close()
            self._loop.run_until_complete(self._finish())
        except BaseException as error:  # noqa: BLE001  (`start` raises it in the thread that asked)
            self._failure = error
        finally:
            self._listening.set()
            self._loop.close()

    async def _listen(self) -> Any:
        return await asyncssh.listen(
            sock=self._socket,
            server_factory=lambda: _Login(self),
            process_factory=self._process,
            server_host_keys=[self._key],
            server_version=VERSION,
            encoding=None,
            public_key_auth=False,
            kbdint_auth=False,
            allow_pty=False,
            agent_forwarding=False,
        )

    async def _finish(self) -> None:
        """Let what still runs end, so that nothing is left behind."""
        tasks = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _process(self, process: Any) -> None:
        faults = self.state.faults
        connection = process.channel.get_connection()
        await asyncio.sleep(faults.wait_s())
        if faults.denied:
            connection.abort()
            return
        self.commands += 1
        if process.command is None:
            process.stdout.write(b"the emulator has no interactive sessions\r\n")
        else:
            # Without a terminal there is one line and no more.
            line = process.command.split("\n", 1)[0]
            process.stdout.write(Console(self.state).run(line).encode("utf-8", "surrogateescape"))
        await asyncio.sleep(faults.late_ns / 1e9)
        process.exit(0)
        connection.set_extra_info(commands=connection.get_extra_info("commands", 0) + 1)
        if 0 < faults.answers_per_connection <= connection.get_extra_info("commands"):
            asyncio.get_running_loop().call_later(0.005, connection.abort)


class _Login(asyncssh.SSHServer):
    """One connection, from its beginning to its end."""

    def __init__(self, face: SshFace) -> None:
        self._face = face
        self._peer: Peer | None = None

    def connection_made(self, conn: Any) -> None:
        self._face.connections += 1
        local, remote = (tuple(conn.get_extra_info(name)[:2]) for name in ("sockname", "peername"))
        if not self._face.state.sessions.open("ssh", local, remote):
            conn.abort()
            return
        self._peer = remote
        self._face._open[remote] = conn  # noqa: SLF001  (its other half)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._peer is not None:
            self._face._open.pop(self._peer, None)  # noqa: SLF001
            self._face.state.sessions.close("ssh", self._peer)

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        state, user = self._face.state, username.partition("+")[0]
        account = state.account
        assert self._peer is not None
        let_in = account is not None and (user, password) == (account.user, account.password)
        if account is None or not let_in or "ssh" not in account.policies or state.faults.denied:
            state.sessions.refuse("ssh", self._peer, user)
            return False
        state.sessions.login("ssh", self._peer, user)
        return True
