"""Whether this process may change qdiscs. Source: capabilities(7), proc_pid_status(5)."""

from pathlib import Path

from wanctl.linux.error import NotPermitted

CAP_NET_ADMIN = 12
HINT = "run it as root, or give it CAP_NET_ADMIN (AmbientCapabilities=CAP_NET_ADMIN in the unit)"


def may_shape(status: Path = Path("/proc/self/status")) -> bool:
    """Whether CAP_NET_ADMIN is among the effective capabilities; yes where nobody can tell."""
    if not status.is_file():
        return True
    for line in status.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return bool(int(value, 16) >> CAP_NET_ADMIN & 1)
    return True


def not_permitted(device: str, reason: str) -> NotPermitted:
    """The error for a device that this process may not shape."""
    return NotPermitted(f"this process may not shape {device}: {reason}", HINT)
