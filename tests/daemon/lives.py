"""The lives of one site: its daemon is started and killed again and again, in the middle of what it writes.

    lives = Lives(folder, minute=6, seed=1)
    with lives:
        lives.live(50)

Somebody at the router changes the rates before each life, so that each one wants to write. What must hold is asserted
after each death: what lies on the disk can be loaded, and all lives together have not written more than the budget.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.state.archive import NAME as HISTORY
from wanctl.daemon.state.store import Store
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import DOWNLOAD_QUEUE, PASSWORD, UPLOAD_QUEUE, write_site

LONG_EVERY = 20  # a life in so many lasts until the machines are kept, ten seconds
LONG_S, SHORT_S = 15.0, 3.0
POLL_S = 0.0002
STORES = ("budget", "site", "before")
BAD = ("a fault of wanctl", "anew", "Traceback", "makes no sense", "is used", "put aside", "nothing is left")


class Lives:
    """One site and its router; `minute` is the write budget of a minute. One thread at a time."""

    def __init__(self, folder: Path, *, minute: int, seed: int) -> None:
        self.folder, self.minute = folder, minute
        self.state = folder / "state"
        self._chance, self._stack = random.Random(seed), ExitStack()
        self.writes = self.lives = self.in_a_save = 0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.router = self._stack.enter_context(RouterosEmulator(user="wanctl", password=PASSWORD))
        reflectors = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
        reflectors.start()
        self._stack.callback(reflectors.close)
        self.site = write_site(self.folder, self.router, reflectors.addresses)
        self.site.write_text(f"budget: {{minute: {self.minute}, day: 1000000}}\n{self.site.read_text()}")
        self.router.on_write(lambda _write: self._count())
        self._begun = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def live(self, count: int) -> None:
        """So many lives, each of which ends by a kill."""
        for number in range(count):
            self._one(long=number % LONG_EVERY == LONG_EVERY // 2)
            self._check()

    @property
    def granted(self) -> float:
        """The writes that the budget allows from the first life to now."""
        return self.minute * (1.0 + (time.monotonic() - self._begun) / 60.0)

    def _count(self) -> None:
        self.writes += 1

    def _one(self, *, long: bool) -> None:
        """A life: it is killed while a save goes on, or at any moment after its first write, or while it starts."""
        before = self.writes
        for queue in (DOWNLOAD_QUEUE, UPLOAD_QUEUE):
            self.router.state.set(
                "/queue/tree", self.router.state.id_of("/queue/tree", queue), {"max-limit": f"{1 + self.lives % 7}M"}
            )
        self.writes = before  # those two were not the daemon's
        environment = {
            **os.environ,
            "RUNTIME_DIRECTORY": str(self.folder / "run"),
            "STATE_DIRECTORY": str(self.state),
        }
        command = [sys.executable, "-m", "wanctl", "run", str(self.site)]
        kind = "save" if long else self._chance.choice(("save", "write", "write", "any"))
        parts, enough = self._parts(), before + self._chance.randrange(1, 3)
        said = self.folder / "said"
        with (
            said.open("wb") as errors,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment) as daemon,
        ):
            deadline = time.monotonic() + (LONG_S if long else SHORT_S)
            if kind == "any":
                time.sleep(self._chance.uniform(0.0, 1.5))
            while kind != "any" and daemon.poll() is None and time.monotonic() < deadline:
                if kind == "write" and self.writes >= enough:
                    time.sleep(self._chance.uniform(0.0, 0.05))
                    break
                if kind == "save" and any(not long or name.startswith("site") for name, _ in self._parts() - parts):
                    break
                time.sleep(POLL_S)
            alive = daemon.poll() is None
            daemon.send_signal(signal.SIGKILL)
        self.lives += 1
        self.in_a_save += bool(self._parts() - parts)
        text = said.read_text()
        assert alive, text
        assert not [line for line in text.splitlines() if any(word in line for word in BAD)], text

    def _parts(self) -> set[tuple[str, int]]:
        """The files that a save has begun, now or in an earlier life: names and inodes."""
        if not self.state.is_dir():
            return set()
        return {(entry.name, entry.inode()) for entry in os.scandir(self.state) if entry.name.endswith(".part")}

    def _check(self) -> None:
        """What the kill has left can be loaded whole, and no write was made that the budget does not grant."""
        for name in STORES:
            assert Store(self.state, name).load().note == ""
        if (self.state / HISTORY).is_file():
            with closing(sqlite3.connect(self.state / HISTORY)) as history:
                assert history.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert self.writes <= self.granted, f"{self.writes} writes, {self.granted:.1f} granted, life {self.lives}"
