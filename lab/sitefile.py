"""The site file of the lab's link, as an operator of that router would write it.

    python -m lab.sitefile [--router-pace] >/run/lab.yaml

`WANCTL_LAB_JSON` names a file that says which interfaces the router has, between which rates each direction may be
shaped, and which addresses answer echoes. Nothing else is known of the link, and nothing else gets into the site file.
With `--router-pace` there is a write budget as a RouterOS router has it by default: with one, raises keep a second
between them and small changes wait, on a Linux host as well.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VARIABLE = "WANCTL_LAB_JSON"
ROUTER_PACE = "--router-pace"


def site_text(link: Mapping[str, Any], *, router_pace: bool = False) -> str:
    """The site file for a link with the keys `wan_if`, `dl_if`, `ul_if`, `DIR_min_bps` and so on, `reflectors`."""
    return "\n".join(
        [
            "linux: {}",
            *(["budget: {minute: 30, day: 10000}"] if router_pace else []),
            "wans:",
            "  lab:",
            f"    device: {link['wan_if']}",
            f"    reflectors: [{', '.join(link['reflectors'])}]",
            f"    download: {_direction(link, 'dl')}",
            f"    upload: {_direction(link, 'ul')}",
            "",
        ]
    )


def _direction(link: Mapping[str, Any], name: str) -> str:
    limits = {"ceiling": "max", "floor": "min", "start": "base"}
    rates = ", ".join(f"{key}: {link[f'{name}_{limit}_bps']}bit" for key, limit in limits.items())
    return f"{{device: {link[f'{name}_if']}, {rates}}}"


def main() -> int:
    """Write the site file to standard output; 2 when nobody says what the link is."""
    path = os.environ.get(VARIABLE)
    if not path:
        print(f"{VARIABLE} is not set: this runs inside the lab (python -m lab race)", file=sys.stderr)
        return 2
    try:
        link = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        print(f"{VARIABLE}={path}: {error}", file=sys.stderr)
        return 2
    sys.stdout.write(site_text(link, router_pace=ROUTER_PACE in sys.argv[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
