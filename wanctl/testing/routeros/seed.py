"""What the emulator holds unless it is told otherwise: a small home router with one WAN and its two queues."""

from wanctl.testing.routeros.state import Seed

# Names and order are those of a CHR 7.22; the ids of the last five follow the one that is known (*FFFFFFFA).
_TYPES = (
    {".id": "*1", "name": "default", "kind": "pfifo", "default": "true"},
    {".id": "*2", "name": "ethernet-default", "kind": "pfifo", "default": "true"},
    {".id": "*3", "name": "wireless-default", "kind": "sfq", "default": "true"},
    {".id": "*4", "name": "synchronous-default", "kind": "red", "default": "true"},
    {".id": "*5", "name": "hotspot-default", "kind": "sfq", "default": "true"},
    {
        ".id": "*FFFFFFFA",
        "name": "pcq-upload-default",
        "kind": "pcq",
        "default": "true",
        "pcq-classifier": "src-address",
    },
    {
        ".id": "*FFFFFFFB",
        "name": "pcq-download-default",
        "kind": "pcq",
        "default": "true",
        "pcq-classifier": "dst-address",
    },
    {".id": "*FFFFFFFC", "name": "only-hardware-queue", "kind": "none", "default": "true"},
    {".id": "*FFFFFFFD", "name": "multi-queue-ethernet-default", "kind": "mq-pfifo", "default": "true"},
    {".id": "*FFFFFFFE", "name": "default-small", "kind": "pfifo", "pfifo-limit": "10", "default": "true"},
)
_CAKE = {"kind": "cake", "cake-diffserv": "diffserv4", "cake-nat": "yes", "cake-rtt": "50ms"}


def _interface(number: int) -> dict[str, str]:
    return {
        ".id": f"*{number + 1:X}",
        "name": f"ether{number}",
        "default-name": f"ether{number}",
        "type": "ether",
        "actual-mtu": "1500",
        "mac-address": f"02:00:5E:00:00:{number:02X}",
        **({"slave": "true"} if number > 1 else {}),
    }


def built_in() -> dict[str, list[dict[str, str]]]:
    """What every router has: its queue types, the loopback interface, and what it says about itself."""
    return {
        "/interface": [
            {".id": "*1", "name": "lo", "type": "loopback", "mtu": "65536", "actual-mtu": "65536"},
        ],
        "/queue/type": [dict(one) for one in _TYPES],
        "/system/identity": [{"name": "MikroTik"}],
        "/system/resource": [
            {
                "architecture-name": "arm64",
                "board-name": "RB5009UG+S+",
                "build-time": "2026-09-16 12:19:15",
                "cpu": "ARM64",
                "cpu-count": "4",
                "cpu-frequency": "350",
                "cpu-load": "1",
                "factory-software": "7.4.1",
                "free-hdd-space": "989138944",
                "free-memory": "801013760",
                "platform": "MikroTik",
                "total-hdd-space": "1073741824",
                "total-memory": "1073741824",
                "uptime": "4m58s",
                "version": "7.23.7 (long-term)",
                "write-sect-since-reboot": "169",
                "write-sect-total": "44663",
                "bad-blocks": "0",
            }
        ],
    }


def home_router() -> Seed:
    """ether1 to ether5 with a bridge over the last four, two CAKE types, and a queue for each direction of one WAN."""
    seed = built_in()
    ethers = [_interface(number) for number in range(1, 6)]
    bridge = {".id": "*7", "name": "bridge", "type": "bridge", "mtu": "auto", "actual-mtu": "1500", "dynamic": "false"}
    seed["/interface"] = [*ethers, bridge, *seed["/interface"]]
    seed["/queue/type"] += [
        {"name": "cake-down-cable", **_CAKE},
        {"name": "cake-up-cable", **_CAKE, "cake-ack-filter": "filter"},
    ]
    seed["/queue/tree"] = [
        {
            "name": "WAN-Download-Cable",
            "parent": "bridge",
            "packet-mark": "wan-in-cable",
            "queue": "cake-down-cable",
            "max-limit": "800M",
        },
        {
            "name": "WAN-Upload-Cable",
            "parent": "ether1",
            "packet-mark": "wan-out-cable",
            "queue": "cake-up-cable",
            "max-limit": "32M",
        },
    ]
    return seed
