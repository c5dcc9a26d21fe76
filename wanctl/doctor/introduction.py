"""Who answers at the router's address: the line that pins it, for a person to compare and to paste."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from wanctl.doctor.finding import OVER, Finding, Step, in_site, on_host, on_router
from wanctl.engine.diagnostic import Findings
from wanctl.engine.document import Map, Text, parse
from wanctl.machines import read_text
from wanctl.routeros import Unreachable
from wanctl.routeros.trust import presented

Transport = Literal["rest", "ssh"]
PATIENCE_S = 3.0
COMPARE = "compare it with what the router's own console shows before you paste it: somebody may be in between"


def introduce(address: str, port: int, transport: Transport) -> Iterator[Finding]:
    """Who answers at an address, as a line for the site's file. Nobody has checked it."""
    group = OVER[transport]
    try:
        lines, console = (_certificate if transport == "rest" else _host_key)(address, port)
    except ssl.SSLError as error:
        reason = error.reason or "connection closed"
        why = "does the service www-ssl have a certificate?"
        yield Finding(group, "trust.line", "skip", f"{address}:{port} ends the TLS handshake: {reason}", why)
    except (OSError, Unreachable) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else error.message
        yield Finding(group, "trust.line", "skip", f"cannot see who answers at {address}:{port}: {reason}")
    else:
        what = f"who answers at {address}:{port} presents itself as below; {COMPARE}"
        why = "whoever is pinned is believed from then on"
        yield Finding(group, "trust.line", "warn", what, why, (*console, *lines))


def introduce_unpinned(path: Path) -> Iterator[Finding]:
    """The same for a file that cannot be used yet, because it does not say how to recognise the router over REST."""
    root = parse(read_text(path), str(path), Findings())
    router = root.get("router") if isinstance(root, Map) else None
    if not isinstance(router, Map):
        return
    address, port = router.get("address"), router.get("port")
    number = port.value if isinstance(port, Text) else "443"
    if isinstance(address, Text) and number.isascii() and number.isdigit() and int(number) < 65_536:
        yield from introduce(address.value, int(number), "rest")


def _certificate(address: str, port: int) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    found = presented(address, port, PATIENCE_S)
    console = on_router(f"/certificate/print detail where fingerprint={found.fingerprint}")
    return in_site(f"pin: {found.pin}   # below router:, in place of ca_file"), console


def _host_key(address: str, port: int) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    from wanctl.routeros.channel import presented_key

    found = presented_key(address, port, PATIENCE_S)
    # Over a cable to the router nobody is in between; the router's own command line has no fingerprint to show.
    console = on_host(f"ssh-keyscan -p {port} {address} | ssh-keygen -lf -   # over a cable to the router")
    return in_site(f"host_key: {found}   # below router:"), console
