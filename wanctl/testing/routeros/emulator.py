"""A RouterOS 7 router to test against, over real HTTPS and SSH on loopback.

with RouterosEmulator(user="wanctl", password="secret") as router:
    RestRouter("127.0.0.1", "wanctl", "secret", port=router.port, ca_file=router.ca_file, now_ns=monotonic_ns)
"""

import tempfile
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from wanctl.testing.routeros.account import Account
from wanctl.testing.routeros.certificate import Certificate
from wanctl.testing.routeros.matcher import granted_policies
from wanctl.testing.routeros.rest import RestFace
from wanctl.testing.routeros.seed import home_router
from wanctl.testing.routeros.server import HttpsServer
from wanctl.testing.routeros.state import State, Write
from wanctl.testing.routeros.store import Seed

if TYPE_CHECKING:
    from wanctl.testing.routeros.sshface import SshFace

_ANSWERED_S = 0.05
NAMES = ("localhost", "127.0.0.1")


class RouterosEmulator:
    """The router. Everything may be used from any thread between `__enter__` and `__exit__`.

    `state` is what it holds at first (menu -> objects, as REST shows them), a home router if not given; `names` are
    those of its certificate. It serves REST unless `port` is None, and SSH if `ssh_port` is given (0: any free one).
    `account` and `faults` may be changed while it runs.
    """

    def __init__(
        self,
        state: Seed | State | None = None,
        *,
        user: str = "wanctl",
        password: str,
        host: str = "127.0.0.1",
        port: int | None = 0,
        ssh_host: str = "127.0.0.1",
        ssh_port: int | None = None,
        names: tuple[str, ...] = NAMES,
    ) -> None:
        self.state = state if isinstance(state, State) else State(home_router() if state is None else state)
        self.account = Account(user, password)
        self.faults = self.state.faults
        _admit(self.state, self.account)
        self.rest = RestFace(self.state, self.account, self.faults, self.state.sessions)
        self.host = host
        self._certificate = Certificate(names)
        self._folder = tempfile.TemporaryDirectory(prefix="routeros-")
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self._certificate.write_authority(self.ca_file)
        self._server = (
            None
            if port is None
            else HttpsServer(self.rest, self._certificate.context, host, port, self.state.sessions, self.faults)
        )
        self._ssh = None if ssh_port is None else _ssh_face(self.state, ssh_host, ssh_port)
        self._before_safe_mode: Seed | None = None
        self.state.on_reboot = self._reboot_soon

    def __enter__(self) -> "RouterosEmulator":
        if self._server is not None:
            self.rest.on_answer = self._server.answered
            self._server.start()
        if self._ssh is not None:
            self._ssh.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._ssh is not None:
            self._ssh.stop()
        if self._server is not None:
            self._server.stop()
        self._folder.cleanup()

    @property
    def port(self) -> int:
        """The port of the REST face."""
        return self._https.port

    @property
    def rest_url(self) -> str:
        """Where the REST face is, without a slash at the end."""
        return f"https://{self.host}:{self.port}/rest"

    @property
    def pin(self) -> str:
        """The pin of the router's key, `sha256//BASE64`."""
        return self._certificate.pin

    @property
    def ssh(self) -> "SshFace":
        """The SSH face; there is one if an `ssh_port` was given."""
        assert self._ssh is not None, "this router was made without an ssh_port"
        return self._ssh

    @property
    def ssh_port(self) -> int:
        """The port of the SSH face."""
        return self.ssh.port

    @property
    def host_key_sha256(self) -> str:
        """The fingerprint of the SSH host key: `SHA256:` and base64."""
        return self.ssh.host_key_sha256

    @property
    def connections(self) -> int:
        """How many connections to the REST face have been opened so far."""
        return self._https.connections

    @property
    def requests(self) -> int:
        """How many requests have been answered so far."""
        return sum(self.rest.answered.values())

    def max_limit(self, queue: str) -> int:
        """The limit of a queue-tree entry in bit/s. Raises KeyError if there is none."""
        for record in self.state.records("/queue/tree"):
            if record["name"] == queue:
                return int(record["max-limit"])
        raise KeyError(queue)

    def on_write(self, listener: Callable[[Write], None]) -> None:
        """Call `listener` after each change that a client makes, in the emulator's thread."""
        self.state.on_write(listener)

    def drop_connections(self, faces: Collection[str] = ("rest", "ssh")) -> None:
        """Close every connection to these faces, as a router does with idle ones."""
        if self._server is not None and "rest" in faces:
            self._server.drop_connections()
        if self._ssh is not None and "ssh" in faces:
            self._ssh.drop_connections()

    def reboot(self, down_ns: int = 0) -> None:
        """Start the router again; for `down_ns` it hangs up on whoever connects. What it had in memory is gone."""
        before = set(self.faults.down)
        self.faults.down = {"rest", "ssh"}
        self.state.reboot()
        self.drop_connections()
        if down_ns:
            timer = threading.Timer(down_ns / 1e9, self._come_back, (before,))
            timer.daemon = True
            timer.start()
        else:
            self._come_back(before)

    def swap_certificate(self) -> None:
        """Have another certificate from another authority, and no connection that knew the old one."""
        self._certificate.swap()
        self._https.drop_connections()

    def enter_safe_mode(self) -> None:
        """Somebody at the router enters safe mode: from now on every change, by whomever, may be undone."""
        self._before_safe_mode = self.state.dump()

    def lose_safe_mode(self) -> None:
        """That session breaks off, and everything since `enter_safe_mode` is undone."""
        if self._before_safe_mode is not None:
            self.state.restore(self._before_safe_mode)
        self._before_safe_mode = None

    def _reboot_soon(self) -> None:
        """Reboot when the order has been answered."""
        timer = threading.Timer(_ANSWERED_S, self.reboot)
        timer.daemon = True
        timer.start()

    def _come_back(self, down: set[str]) -> None:
        self.faults.down = down

    @property
    def _https(self) -> HttpsServer:
        assert self._server is not None, "this router was made without a port for REST"
        return self._server


def _ssh_face(state: State, host: str, port: int) -> "SshFace":
    from wanctl.testing.routeros.sshface import SshFace  # its library takes a while to load

    return SshFace(state, host, port)


def _admit(state: State, account: Account) -> None:
    """Let the router show the account among its users; if it has such a user already, that one's group is meant."""
    for record in state.records("/user"):
        if record["name"] == account.user:
            account.group = record["group"]
    policies = [one["policy"] for one in state.records("/user/group") if one["name"] == account.group]
    if policies:
        account.policies = granted_policies(policies[0])
    else:
        state.place("/user/group", {"name": account.group})
    if state.id_of("/user", account.user) is None:
        state.place("/user", {"name": account.user, "group": account.group})
    state.account = account
