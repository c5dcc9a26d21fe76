"""Plays one job in the guest: `python -m lab.guest FOLDER`; and, started by itself, its other processes."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lab.guest.events import Events
from lab.guest.network import build, start
from lab.guest.traffic import load, read_job, serve
from lab.guest.witness import watch

SAMPLE_EVERY_S = 0.1
LINK_FILE = Path("/tmp/link.json")  # in the guest's own memory


def play(folder: str) -> None:
    """Build the network, start everybody, follow the schedule, and leave the results in the folder."""
    job = read_job(folder)
    build(job)
    LINK_FILE.write_text(json.dumps(job["link"]))
    here = ("-m", "lab.guest")
    server = start("internet", sys.executable, *here, "serve", folder)
    begin_s = time.monotonic() + 2.0
    at = (folder, repr(begin_s))
    witness = start("router", sys.executable, *here, "watch", *at)
    start("home", sys.executable, *here, "load", *at)
    _sleep_until(begin_s)
    controller = None
    if job["command"]:
        with Path(folder, "controller.log").open("w") as log:
            controller = start("router", "bash", "-c", job["command"], env=_environment(), cwd=job["folder"],
                               stdout=log, stderr=log, start_new_session=True)  # fmt: skip
    events = Events(job, controller.pid if controller is not None else 0)
    threading.Thread(target=events.play, args=(begin_s,), daemon=True).start()
    samples = threading.Thread(target=_sample, args=(folder, job, begin_s, witness.pid, server.pid))
    samples.start()
    witness.wait()
    samples.join()
    ended = controller.poll() if controller is not None else None
    if controller is not None and ended is None:
        os.killpg(controller.pid, signal.SIGTERM)
        time.sleep(2.0)
    Path(folder, "ran.json").write_text(json.dumps({"ended_early": ended is not None, "exit": ended}))


def _environment() -> dict[str, str]:
    return {**os.environ, "WANCTL_LAB_JSON": str(LINK_FILE), "PYTHONUNBUFFERED": "1"}


def _sample(folder: str, job: dict[str, Any], begin_s: float, router: int, internet: int) -> None:
    """What was delivered behind the bottleneck and behind CAKE: the router's `lan` out, the internet's `net` in."""
    rows, turn = ["t_s,down_bytes,up_bytes"], 0
    while (at_s := turn * SAMPLE_EVERY_S) <= job["time_s"]:
        _sleep_until(begin_s + at_s)
        down, up = _counters(router)["lan"][1], _counters(internet)["net"][0]
        rows.append(f"{time.monotonic() - begin_s:.3f},{down},{up}")
        turn += 1
    Path(folder, "delivered.csv").write_text("\n".join([*rows, ""]))


def _counters(pid: int) -> dict[str, tuple[int, int]]:
    """Received and sent bytes of each interface of a process's namespace."""
    found = {}
    for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]:
        name, _, numbers = line.partition(":")
        fields = numbers.split()
        found[name.strip()] = int(fields[0]), int(fields[8])
    return found


def _sleep_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))


def main() -> None:
    """Be one of the four."""
    match sys.argv[1:]:
        case ["serve", folder]:
            serve(folder)
        case ["load", folder, begin]:
            load(folder, read_job(folder), float(begin))
        case ["watch", folder, begin]:
            watch(folder, float(begin), read_job(folder)["time_s"])
        case [folder]:
            play(folder)


if __name__ == "__main__":
    main()
