"""Whatever kills the daemon, and whenever: it starts from a whole state, and the router's write budget holds."""

import json
import os
import threading
from pathlib import Path

from tests.daemon.lives import Lives

KILLS = 1_000 if os.environ.get("WANCTL_SOAK") else 50


def test_a_daemon_that_is_killed_again_and_again_starts_whole_and_keeps_its_write_budget(tmp_path: Path) -> None:
    # Two sites at once: one that would exceed its budget if a life forgot the one before, one that may always write.
    tight, wide = Lives(tmp_path / "tight", minute=6, seed=1), Lives(tmp_path / "wide", minute=600, seed=2)
    faults: list[BaseException] = []

    def run(lives: Lives) -> None:
        try:
            with lives:
                lives.live(KILLS // 2)
        except BaseException as error:  # noqa: BLE001  (raised again by the test)
            faults.append(error)

    threads = [threading.Thread(target=run, args=(lives,)) for lives in (tight, wide)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault
    figures = {
        name: {"kills": one.lives, "in a save": one.in_a_save, "writes": one.writes, "granted": round(one.granted)}
        for name, one in (("tight", tight), ("wide", wide))
    }
    print(json.dumps(figures))
    assert tight.lives + wide.lives == KILLS
    assert wide.writes > KILLS // 8
    assert tight.in_a_save + wide.in_a_save > 0
