"""What the emulator holds unless it is told otherwise: a small home router with one WAN and its two queues."""

from wanctl.testing.routeros.store import Seed

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


_GROUPS = {
    # Of `read` the answer of a router is known; the others as the manual describes them.
    "read": "local,telnet,ssh,reboot,read,test,winbox,password,web,sniff,sensitive,api,romon,rest-api",
    "write": "local,telnet,ssh,reboot,read,write,test,winbox,password,web,sniff,sensitive,api,romon,rest-api",
    "full": "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon,rest-api",
}
_SERVICES = (
    {".id": "*0", "name": "telnet", "port": "23", "disabled": "true"},
    {".id": "*1", "name": "ftp", "port": "21", "disabled": "true"},
    {".id": "*2", "name": "www", "port": "80", "disabled": "true"},
    {".id": "*3", "name": "ssh", "port": "22"},
    {".id": "*6", "name": "www-ssl", "port": "443", "certificate": "web", "tls-version": "any"},
    {".id": "*7", "name": "api", "port": "8728", "disabled": "true"},
    {".id": "*8", "name": "winbox", "port": "8291"},
    {".id": "*9", "name": "api-ssl", "port": "8729", "certificate": "none", "tls-version": "any", "disabled": "true"},
)


def built_in() -> dict[str, list[dict[str, str]]]:
    """What every router has: its queue types, the loopback interface, and what it says about itself."""
    return {
        "/interface": [
            {".id": "*1", "name": "lo", "type": "loopback", "mtu": "65536", "actual-mtu": "65536"},
        ],
        "/queue/type": [dict(one) for one in _TYPES],
        "/routing/table": [{".id": "*0", "name": "main", "fib": "", "dynamic": "true"}],
        "/ip/service": [dict(one) for one in _SERVICES],
        "/user/group": [{"name": name, "policy": policy} for name, policy in _GROUPS.items()],
        "/user": [{"name": "admin", "group": "full", "comment": "system default user"}],
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
    seed["/interface/list"] = [{"name": "LAN"}, {"name": "WAN"}]
    seed["/ip/address"] = [
        {"address": "192.168.88.1/24", "interface": "bridge"},
        {"address": "198.51.100.2/24", "interface": "ether1"},
    ]
    seed["/ip/route"] = [
        {"dst-address": "0.0.0.0/0", "gateway": "198.51.100.1", "check-gateway": "ping", "comment": "cable"},
    ]
    seed["/ip/firewall/filter"] = [
        {"chain": "forward", "action": "fasttrack-connection", "connection-state": "established,related",
         "connection-mark": "no-mark"},
        {"chain": "forward", "action": "accept", "connection-state": "established,related"},
    ]  # fmt: skip
    seed["/ip/firewall/nat"] = [{"chain": "srcnat", "action": "masquerade", "out-interface-list": "WAN"}]
    return seed
