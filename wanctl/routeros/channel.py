"""One SSH connection to one router; `paramiko` is imported here and nowhere else, and only by whoever needs SSH.

Invariants:
- Nothing is sent before the host key has proved to be the router's: a pinned fingerprint, or a file of known hosts.
- One command at a time, each on a channel of its own: whether a router runs two at once is not known.
- A command is sent a second time only if it reads, or if it certainly never left.
- After a time-out the connection is closed: nobody knows what became of the command.
- Nagle's algorithm is off: with it a command takes 34 ms even on loopback, without it 2.3 ms (measured).
"""

import base64
import hashlib
import logging
import socket
import threading
from pathlib import Path

import paramiko

from wanctl.routeros.error import Denied, RouterError, TimedOut, Unreachable, Untrusted

CONNECT_TIMEOUT_NS = 2_000_000_000
READ_TIMEOUT_NS = 5_000_000_000
KEEPALIVE_S = 15
PREFIX = "SHA256:"
_LONGEST_OUTPUT_BYTES = 16 << 20

# What the library would log is told by the errors below.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:` and the base64 of a host key's digest, as ssh-keygen(1) shows it."""
    return PREFIX + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def presented_key(address: str, port: int, timeout_s: float) -> str:
    """The fingerprint of the host key that the server at an address presents, whoever it is: for a person to compare.

    Nobody logs in. Raises OSError, or `Unreachable` if that is no SSH server.
    """
    with socket.create_connection((address, port), timeout_s) as plain, paramiko.Transport(plain) as transport:
        try:
            transport.start_client(timeout=timeout_s)
            return fingerprint(transport.get_remote_server_key())
        except (paramiko.SSHException, EOFError) as error:
            reason = str(error) or type(error).__name__
    raise Unreachable(f"{address}:{port} ends the SSH handshake: {reason}")


class SshConnection:
    """The connection. Any thread may use it; they wait for each other.

    `host_key` is the fingerprint of the router's key (several may be joined with `;`), `known_hosts` a file as of
    OpenSSH; one of them must be given. Raises `Untrusted` if neither can be used.
    """

    def __init__(
        self,
        address: str,
        port: int,
        user: str,
        password: str,
        host_key: str | None,
        known_hosts: str | Path | None,
        connect_timeout_ns: int,
        read_timeout_ns: int,
    ) -> None:
        host = f"[{address}]" if ":" in address else address
        self.place = f"{host}:{port}"
        self._target = (address, port)
        self._user = user
        self._password = password
        self._pins = _pins(host_key)
        self._known = _known(known_hosts)
        self._connect_timeout_s = connect_timeout_ns / 1e9
        self._read_timeout_s = read_timeout_ns / 1e9
        self._client: paramiko.SSHClient | None = None
        self._lock = threading.Lock()
        if not self._pins and known_hosts is None:
            raise Untrusted(
                "nothing says how to recognise the router", "give the fingerprint of its host key (SHA256:...)"
            )

    def __repr__(self) -> str:
        return f"SshConnection({self._user}@{self.place})"

    def run(self, line: str, *, repeatable: bool) -> str:
        """What one line prints. Raises `RouterError`. `repeatable` says that running it twice does no harm."""
        assert "\n" not in line, "the router runs the first line alone"
        with self._lock:
            was_open = self._client is not None
            channel = self._channel()
            try:
                return self._exchange(channel, line)
            except Unreachable:
                if not (repeatable and was_open):
                    raise
            return self._exchange(self._channel(), line)

    def close(self) -> None:
        """Close the connection; the next command opens a new one."""
        with self._lock:
            self._drop()

    def _channel(self) -> paramiko.Channel:
        """A channel, on a new connection if the old one turns out to be gone. Nothing has been sent on it."""
        for client in (self._client, None):
            try:
                transport = (client or self._connect()).get_transport()
                assert transport is not None
                return transport.open_session(timeout=self._connect_timeout_s)
            except (paramiko.SSHException, EOFError, OSError) as error:
                self._drop()
                if client is None:
                    reason = str(error) or type(error).__name__
                    raise Unreachable(f"{self.place} closed the connection: {reason}") from None
        raise AssertionError

    def _exchange(self, channel: paramiko.Channel, line: str) -> str:
        problem: RouterError
        expired = threading.Event()

        def give_up() -> None:
            expired.set()
            channel.get_transport().close()

        watchdog = threading.Timer(self._read_timeout_s, give_up)
        watchdog.daemon = True
        try:
            # The library waits for ever until the router takes the command; only closing the connection ends that.
            watchdog.start()
            channel.exec_command(line.encode())
            watchdog.cancel()
            output = self._output(channel)
        except (paramiko.SSHException, EOFError, OSError) as error:
            if isinstance(error, TimeoutError) or expired.is_set():
                problem = TimedOut(
                    f"{self.place} did not answer a command within {self._read_timeout_s:g} s",
                    "the router is overloaded or the path to it is; read back before relying on what it holds",
                )
            else:
                problem = Unreachable(f"{self.place} closed the connection: {str(error) or type(error).__name__}")
        else:
            if output is not None:
                return output
            problem = Unreachable(f"{self.place} closed the connection before a command had ended")
        finally:
            watchdog.cancel()
        self._drop()
        raise problem

    def _output(self, channel: paramiko.Channel) -> str | None:
        """What a command prints; None if the connection broke before it had ended."""
        channel.settimeout(self._read_timeout_s)
        output = bytearray()
        while len(output) < _LONGEST_OUTPUT_BYTES:
            chunk = channel.recv(1 << 16)
            if not chunk:
                break
            output += chunk
        # A connection that breaks ends the output too; but then no status comes.
        if not channel.status_event.wait(self._read_timeout_s) or channel.exit_status < 0:
            return None
        channel.close()
        return output.decode("utf-8", "replace")

    def _connect(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_Pinned(self._pins, self.place))
        problem: RouterError
        client.get_host_keys().update(self._known)
        try:
            plain = socket.create_connection(self._target, self._connect_timeout_s)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.connect(
                self._target[0],
                self._target[1],
                self._user,
                self._password,
                sock=plain,
                allow_agent=False,
                look_for_keys=False,
                timeout=self._connect_timeout_s,
                banner_timeout=self._connect_timeout_s,
                auth_timeout=self._read_timeout_s,
            )
        except Exception as error:  # noqa: BLE001  (the library raises many kinds; each is told as what it means)
            problem = self._failure(error)
        else:
            transport = client.get_transport()
            assert transport is not None
            transport.set_keepalive(KEEPALIVE_S)
            self._client = client
            return client
        client.close()
        raise problem

    def _failure(self, error: Exception) -> RouterError:
        """What an exception of connecting means."""
        match error:
            case RouterError():
                return error
            case paramiko.BadHostKeyException():
                return _foreign(self.place, fingerprint(error.key))
            case paramiko.AuthenticationException() if _is_refusal(error):
                return Denied(
                    f"the router at {self.place} does not accept the user '{self._user}'",
                    "check the password, the user's allowed address, and that its group has the policy ssh",
                )
            case TimeoutError():
                return Unreachable(
                    f"{self.place} does not answer within {self._connect_timeout_s:g} s",
                    "is the router up, and does its firewall let this host in?",
                )
            case socket.gaierror():
                return Unreachable(f"the name in {self.place} has no address", "check the router's address")
            case OSError():
                return Unreachable(
                    f"cannot connect to {self.place}: {error.strerror or error}",
                    "is the router up, is its ssh service enabled, and does it allow this host's address?",
                )
        if "banner" in str(error) or "protocol version" in str(error):
            return Unreachable(
                f"{self.place} does not greet like an SSH server",
                "is this the port of the router's ssh service (22)? If it is, the router may be overloaded",
            )
        return Unreachable(f"{self.place} ends the SSH handshake: {str(error) or type(error).__name__}")

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


class _Pinned(paramiko.RejectPolicy):
    """Rejects every host key that is not a pinned one."""

    def __init__(self, pins: tuple[str, ...], place: str) -> None:
        self._pins = pins
        self._place = place

    # The stubs say that it never returns.
    def missing_host_key(  # type: ignore[override]
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        del client, hostname
        if fingerprint(key) not in self._pins:
            raise _foreign(self._place, fingerprint(key))


def _is_refusal(error: Exception) -> bool:
    """Whether a login failed because of who logs in. The library uses one exception for all that ends a login."""
    return isinstance(error, paramiko.BadAuthenticationType) or str(error) == "Authentication failed."


def _foreign(place: str, seen: str) -> Untrusted:
    return Untrusted(
        f"{place} has another host key than the pinned one: it is {seen}",
        "somebody is in between, or the router has a new key: compare on the router before you pin it",
    )


def _known(path: str | Path | None) -> paramiko.HostKeys:
    keys = paramiko.HostKeys()
    if path is not None:
        try:
            keys.load(str(path))
        except (OSError, paramiko.SSHException) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise Untrusted(
                f"cannot use the file of known hosts {path}: {reason}", "ssh-keyscan(1) makes one"
            ) from None
    return keys


def _pins(host_key: str | None) -> tuple[str, ...]:
    pins = tuple(part.strip().rstrip("=") for part in (host_key or "").split(";") if part.strip())
    for one in pins:
        if not (one.startswith(PREFIX) and len(one) == len(PREFIX) + 43):
            raise Untrusted(f"'{one}' is not a fingerprint", f"write {PREFIX} and 43 characters of base64")
    return pins
