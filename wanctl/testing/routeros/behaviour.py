# ruff: noqa: D102  (the methods are described once, in `Behaviour`)
"""What single menus do beyond keeping fields: entries that expire, routes that know whether they are of use.

Which fields are there, and when, was measured on CHR 7.23.7 (dopyrory3/mikrotik-ha-manager) unless a line says "guess".
"""

import ipaddress
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Protocol

from wanctl.testing.routeros.account import Account
from wanctl.testing.routeros.fault import Faults
from wanctl.testing.routeros.kind import Item, Kept, Names, Time, span
from wanctl.testing.routeros.matcher import Timeout, granted_policies, policy_text
from wanctl.testing.routeros.trap import Trap

Shown = MutableMapping[str, str]
EXPIRES = ".expires"  # a kept value that no menu has a field for: when an entry goes, in ns of the store's clock
_SECOND_NS = 10**9


class Router(Names, Protocol):
    """What a behaviour may ask of the store."""

    account: Account | None
    faults: Faults

    @property
    def now_ns(self) -> int:
        """The store's monotonic clock."""
        ...

    def raw(self, path: str) -> list[tuple[Item, dict[str, str]]]:
        """The objects of a menu as they are kept, each with its fields as text."""
        ...

    def wall_time(self) -> str:
        """Date and time as the router writes them."""
        ...


class Behaviour:
    """Nothing special."""

    def prepare(self, router: Router, item: Item | None, values: Mapping[str, str]) -> Mapping[str, str]:
        """What a client's values mean, before they are read; `item` is None for a new object."""
        del router, item
        return values

    def check(self, router: Router, item: Item) -> None:
        """Refuse an object as it would be after a change. Raises `Trap`."""

    def written(self, router: Router, item: Item, values: Mapping[str, str]) -> None:
        """Follow a change of `values` that has been made."""

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        """Correct what is shown of an object."""

    def is_fixed(self, item: Item) -> bool:
        """Whether nobody can remove an object."""
        del item
        return False

    def is_volatile(self, item: Item) -> bool:
        """Whether an object lives in memory alone: it writes no flash, and a reboot ends it."""
        del item
        return False


class AddressList(Behaviour):
    """Entries with a timeout live in memory, count down, and go by themselves."""

    def check(self, router: Router, item: Item) -> None:
        for other, _ in router.raw("/ip/firewall/address-list"):
            same = all(other[key] == item[key] for key in ("list", "address"))
            if same and other[".id"] != item[".id"]:
                raise Trap("failure: already have such entry")

    def written(self, router: Router, item: Item, values: Mapping[str, str]) -> None:
        item.setdefault("creation-time", router.wall_time())
        if "timeout" not in values:
            return
        timeout = str(item["timeout"])
        item.pop(EXPIRES, None)
        if timeout in Timeout.WORDS or timeout == "0s":
            del item["timeout"]
            item["dynamic"] = "true" if timeout == "none-dynamic" else "false"
        else:
            item[EXPIRES] = str(router.now_ns + Time().nanoseconds(timeout))
            item["dynamic"] = "true"

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        if EXPIRES in item:
            left_ns = int(str(item[EXPIRES])) - router.now_ns
            shown["timeout"] = span(max(0, -(-left_ns // _SECOND_NS)) * _SECOND_NS)

    def is_volatile(self, item: Item) -> bool:
        return item.get("dynamic") == "true"


class Route(Behaviour):
    """A route is active if its gateway can be reached and no shorter one goes to the same place."""

    _OF_A_DISABLED_ONE = frozenset((".id", "dst-address", "gateway", "disabled", "static", "comment"))
    _OF_A_BLACKHOLE = frozenset(("gateway", "scope", "target-scope", "immediate-gw"))

    def check(self, router: Router, item: Item) -> None:
        del router
        if "gateway" not in item and "blackhole" not in item:
            raise Trap("missing =gateway=")  # guess

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        for name in ("active", "inactive", "immediate-gw"):
            shown.pop(name, None)
        if shown.get("disabled") == "true":
            for name in set(shown) - self._OF_A_DISABLED_ONE:
                del shown[name]
            shown["inactive"] = "false"
            return
        blackhole = "blackhole" in item
        through = "" if blackhole else _nexthop(router, shown.get("gateway", ""), 0)
        useful = blackhole or bool(through)
        shown["inactive"] = "false" if useful else "true"
        shown["immediate-gw"] = through
        if useful and not self._is_beaten(router, item, shown):
            shown["active"] = "true"
        if blackhole:
            for name in self._OF_A_BLACKHOLE & set(shown):
                del shown[name]

    def _is_beaten(self, router: Router, item: Item, shown: Shown) -> bool:
        for other, text in router.raw("/ip/route"):
            same = all(text.get(key) == shown.get(key) for key in ("dst-address", "routing-table"))
            if other is item or not same or text.get("disabled") == "true":
                continue
            if int(text["distance"]) < int(shown["distance"]) and _nexthop(router, text.get("gateway", ""), 0):
                return True
        return False


def _nexthop(router: Router, gateway: str, depth: int) -> str:
    """`ADDRESS%INTERFACE` or the interface through which a gateway can be reached; empty if it cannot."""
    address, _, interface = gateway.partition("%")
    up = {
        text["name"] for _, text in router.raw("/interface") if text["running"] == "true" and text["disabled"] != "true"
    }
    if interface or address in up:
        return gateway if (interface or address) in up else ""
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""  # the name of an interface that is down
    for _, text in router.raw("/ip/address"):
        on_link = text["disabled"] != "true" and text["interface"] in up
        if on_link and host in ipaddress.ip_interface(text["address"]).network:
            return f"{address}%{text['interface']}"
    for _, text in router.raw("/ip/route") if depth < 3 else ():
        network = ipaddress.ip_network(text["dst-address"])
        if network.prefixlen and host in network and text.get("disabled") != "true" and "gateway" in text:
            return _nexthop(router, text["gateway"], depth + 1)
    return ""


class Address(Behaviour):
    """The network follows the address unless it is given; an interface has an address once."""

    def check(self, router: Router, item: Item) -> None:
        for other, _ in router.raw("/ip/address"):
            same = all(other.get(key) == item.get(key) for key in ("address", "interface"))
            if same and other[".id"] != item[".id"]:
                raise Trap("failure: already have such address")  # guess

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        del router, item
        shown.setdefault("network", str(ipaddress.ip_interface(shown["address"]).network.network_address))
        shown["actual-interface"] = shown["interface"]


class TreeQueue(Behaviour):
    """A guarantee is not above the limit (manual); a queue that is given no name gets the next free one."""

    def prepare(self, router: Router, item: Item | None, values: Mapping[str, str]) -> Mapping[str, str]:
        return values if item is not None or "name" in values else {"name": self._free(router), **values}

    def check(self, router: Router, item: Item) -> None:
        del router
        for guaranteed, limit in zip(_sides(item["limit-at"]), _sides(item["max-limit"]), strict=True):
            if 0 < limit < guaranteed:
                raise Trap("failure: max-limit is less than limit-at")  # guess

    def _free(self, router: Router) -> str:
        taken = {text.get("name") for _, text in router.raw(self.menu)}
        return next(name for name in (f"queue{number}" for number in range(1, len(taken) + 2)) if name not in taken)

    menu = "/queue/tree"


class SimpleQueue(TreeQueue):
    """The same, for pairs."""

    menu = "/queue/simple"


def _sides(kept: Kept) -> tuple[int, ...]:
    return (int(kept),) if isinstance(kept, str) else tuple(int(str(side)) for side in kept)


class QueueType(Behaviour):
    """Those that every router has stay."""

    def is_fixed(self, item: Item) -> bool:
        return item.get("default") == "true"


class RoutingTable(Behaviour):
    """The table `main` stays."""

    def is_fixed(self, item: Item) -> bool:
        return item.get("dynamic") == "true"


class Interface(Behaviour):
    """A disabled interface does not run."""

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        del router, item
        if shown.get("disabled") == "true":
            shown["running"] = "false"


class Group(Behaviour):
    """What a group may do; of the account's group it is what the account may do. `set` adds to what is granted."""

    def prepare(self, router: Router, item: Item | None, values: Mapping[str, str]) -> Mapping[str, str]:
        if item is None or "policy" not in values:
            return values
        return {**values, "policy": f"{self._policy(router, item)},{values['policy']}"}

    def written(self, router: Router, item: Item, values: Mapping[str, str]) -> None:
        if "policy" in values and router.account is not None and item["name"] == router.account.group:
            router.account.policies = granted_policies(str(item["policy"]))

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        shown["policy"] = self._policy(router, item)

    def _policy(self, router: Router, item: Item) -> str:
        if router.account is not None and item["name"] == router.account.group:
            return policy_text(router.account.policies)
        return str(item["policy"])


class Clock(Behaviour):
    """Date and time are those of this moment; whoever sets them puts the clock forward or back."""

    def written(self, router: Router, item: Item, values: Mapping[str, str]) -> None:
        del item
        date, time = router.wall_time().split(" ")
        now = datetime.fromisoformat(f"{date} {time}")
        wanted = datetime.fromisoformat(f"{values.get('date', date)} {values.get('time', time)}")
        router.faults.clock_off_s += int((wanted - now).total_seconds())

    def show(self, router: Router, item: Item, shown: Shown) -> None:
        del item
        shown["date"], shown["time"] = router.wall_time().split(" ")


class User(Behaviour):
    """Two users of one name are refused with words of their own."""

    def check(self, router: Router, item: Item) -> None:
        if any(other["name"] == item["name"] and other[".id"] != item[".id"] for other, _ in router.raw("/user")):
            raise Trap("failure: user with the same name already exists")


BEHAVIOURS: Mapping[str, Behaviour] = {
    "/interface": Interface(),
    "/queue/tree": TreeQueue(),
    "/queue/simple": SimpleQueue(),
    "/queue/type": QueueType(),
    "/routing/table": RoutingTable(),
    "/ip/address": Address(),
    "/ip/firewall/address-list": AddressList(),
    "/ip/route": Route(),
    "/system/clock": Clock(),
    "/user": User(),
    "/user/group": Group(),
}
NOTHING_SPECIAL = Behaviour()
