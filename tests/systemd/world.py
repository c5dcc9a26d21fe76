"""Runs inside the machine: a router and reflectors on its loopback, and what the router has had, in /run/world.json."""

import json
import os
import time
from pathlib import Path

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.notify import Notifier
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import DOWNLOAD_QUEUE, PASSWORD, write_site

SITES, CREDENTIALS = Path("/etc/wanctl/sites"), Path("/etc/wanctl/credentials/home")
TOLD = Path("/run/world.json")


def main() -> None:
    SITES.mkdir(parents=True)
    CREDENTIALS.mkdir(parents=True, mode=0o700)
    with RouterosEmulator(user="wanctl", password=PASSWORD) as router:
        reflectors = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
        reflectors.start()
        write_site(SITES, router, reflectors.addresses).rename(SITES / "home.yaml")
        (SITES / "router.password").rename(CREDENTIALS / "router.password")
        had: list[int] = []
        Notifier.of(os.environ, os.getpid()).ready()
        while True:
            now = router.max_limit(DOWNLOAD_QUEUE)
            if had[-1:] != [now]:
                had.append(now)
            part = TOLD.with_suffix(".part")
            part.write_text(json.dumps({"download_bps": now, "had": had}))
            part.replace(TOLD)
            time.sleep(0.05)


if __name__ == "__main__":
    main()
