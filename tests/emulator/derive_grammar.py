"""Derives the emulator's grammar from a recorded argument tree: `python tests/emulator/derive_grammar.py TREE.json`.

TREE.json is `{"tree": {MENU: NODE}}`, where a NODE has a `_type` ("dir", "path", "cmd" or "arg") and its children, as
RouterOS's `/console/inspect` gives them (published by tikoci/restraml, Unlicense). What the recorded part of the tree
lacks is added here by hand, from the MikroTik manual; the file says which.
"""

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "wanctl" / "testing" / "routeros" / "grammar.json"
# `export` and `edit` talk to a terminal or a file, which the emulator does not have; `reset` is like `set`.
LEFT_OUT = {"edit", "export", "reset", "recursive-print"}
MENUS = (
    "/queue/tree",
    "/queue/type",
    "/queue/simple",
    "/queue/interface",
    "/routing/table",
    "/routing/rule",
    "/ip/route",
    "/ip/firewall/mangle",
    "/ip/firewall/filter",
    "/ip/firewall/address-list",
    "/interface",
    "/interface/ethernet",
    "/ip/service",
    "/user/group",
    "/interface/list",
    "/system/resource",
    "/system/identity",
    "/system/history",
    "/log",
)

PRINT = (
    "append as-value brief comments count-only detail file follow follow-only from group-by interval on-event order-by "
    "proplist show-ids terse timestamp value-list where without-paging"
)
_ADDRESS = "address broadcast comment disabled interface netmask network"
_USER = "address comment disabled group inactivity-policy inactivity-timeout name password"
_EDITING = {"comment": "comment numbers", "disable": "numbers", "enable": "numbers", "remove": "numbers"}
_READING = {"find": "where", "get": "as-string as-string-value number value-name", "print": PRINT}
# Not in the recorded part of the tree: from the pages of the MikroTik manual.
BY_HAND = {
    "/ip/address": {**_EDITING, **_READING, "add": f"{_ADDRESS} copy-from", "set": f"{_ADDRESS} numbers"},
    "/user": {**_EDITING, **_READING, "add": f"{_USER} copy-from", "set": f"{_USER} numbers"},
    "/console": {"inspect": "as-value file input path proplist request without-paging"},
    "/system/license": {"get": "as-string as-string-value value-name", "print": "as-value", "renew": "account"},
    "/system/clock": {
        "get": "as-string as-string-value value-name",
        "print": "as-value file interval without-paging",
        "set": "date time time-zone-autodetect time-zone-name",
    },
    "/system": {"reboot": "", "shutdown": ""},
}


def nat(tree: dict[str, Any]) -> dict[str, str]:
    """The menu of address translation: the matchers of the filter, with actions of its own (manual, NAT)."""
    commands = menu(tree["/ip/firewall/filter"])
    for command in ("add", "set"):
        words = set(commands[command].split()) - {"reject-with"}
        commands[command] = " ".join(sorted(words | {"randomise-ports", "same-not-by-dst", "to-addresses", "to-ports"}))
    return commands


def menu(node: dict[str, Any]) -> dict[str, str]:
    """The commands of a menu, each with its arguments."""
    return {
        name: " ".join(argument for argument in child if not argument.startswith("_"))
        for name, child in node.items()
        if isinstance(child, dict) and child["_type"] == "cmd" and name not in LEFT_OUT
    }


def folders(node: dict[str, Any]) -> list[str]:
    """The menus below a menu: their names matter for abbreviations."""
    return [name for name, child in node.items() if isinstance(child, dict) and child["_type"] in ("dir", "path")]


def derive(tree: dict[str, Any]) -> dict[str, Any]:
    """The grammar of the menus that the emulator knows something of."""
    inner = {f"/interface/{name}": tree["/interface"][name] for name in ("ethernet", "list")}
    tree = {**tree, **inner}
    return {
        "origin": "RouterOS 7.24, /console/inspect (tikoci/restraml, Unlicense); by_hand: MikroTik manual",
        "by_hand": sorted([*BY_HAND, "/ip/firewall/nat"]),
        "folders": {"/interface": " ".join(folders(tree["/interface"]))},
        "menus": {
            **{path: menu(tree[path]) for path in MENUS},
            "/ip/firewall/nat": nat(tree),
            **BY_HAND,
        },
    }


def main() -> None:
    """Write the grammar into the package."""
    tree = json.loads(Path(sys.argv[1]).read_text())["tree"]
    TARGET.write_text(json.dumps(derive(tree), indent=1) + "\n")


if __name__ == "__main__":
    main()
