"""A day of the heating machine in virtual time. `python -m examples.heating.run --help` says how."""

import argparse
import json
from pathlib import Path

from examples.heating.actions import ACTIONS
from examples.heating.house import House
from wanctl.engine import Machine, Outcome, compile_model, load, restore, snapshot
from wanctl.engine.transcript import closing, entry, opening

FILE = Path(__file__).with_name("heating.yaml")
TICK_NS = 1_000_000_000


class Boiler:
    """The machine and the house, and what they have done to each other."""

    def __init__(self, house: House, comfort: float) -> None:
        model = load(FILE.read_text("utf-8"), str(FILE), actions=ACTIONS)
        self.program = compile_model(model, {"comfort": comfort})
        self.machine: Machine = self.program.start(0, instance="home")
        self.house = house
        self.lines = [opening([self.machine], 0)]
        self._take(self.machine.started)

    def tick(self, now_ns: int) -> Outcome:
        """Let a second pass, look, decide, act."""
        now_s = now_ns / 1e9
        self.house.pass_time(now_s, TICK_NS / 1e9)
        self.machine.set_inputs(self.house.sense(now_s))
        return self._take(self.machine.tick(now_ns))

    def restart(self) -> None:
        """What a program does that is stopped and started again: its memory goes through a file of JSON."""
        written = json.dumps(snapshot(self.machine))
        self.machine = restore(self.program, json.loads(written), instance="home")

    def _take(self, outcome: Outcome) -> Outcome:
        for intent in outcome.intents:
            self.house.carry_out(intent)
        self.lines += [entry(item) for item in outcome.transitions]
        return outcome


def run(hours: float, comfort: float, *, show: bool = False, restart: bool = True) -> Boiler:
    """Heat a house for some hours from midnight; with `restart` the program is started anew in the middle."""
    boiler = Boiler(House(), comfort)
    ticks = int(hours * 3_600)
    for number in range(1, ticks + 1):
        outcome = boiler.tick(number * TICK_NS)
        if restart and number == ticks // 2:
            boiler.restart()
        for item in outcome.transitions if show else ():
            region, _, left = item.source.partition(".")
            target = item.targets[0].partition(".")[2] if item.targets else "stays"
            hour, second = divmod(number, 3_600)
            print(f"{hour:02}:{second // 60:02}:{second % 60:02}  {region:6} {left} → {target}: {item.why}")
    boiler.lines.append(closing((ticks + 1) * TICK_NS))
    return boiler


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m examples.heating.run", description="Heat a house for a day.")
    parser.add_argument("--hours", type=float, default=24.0, help="how long (24)")
    parser.add_argument("--comfort", type=float, default=21.0, help="by day, °C (21)")
    parser.add_argument("--transitions", metavar="FILE", help="write them here, for wanctl graph --trace")
    wanted = parser.parse_args()
    boiler = run(wanted.hours, wanted.comfort, show=True)
    house, data = boiler.house, boiler.machine.values
    print(
        f"room {house.room:.1f} °C, tank {house.tank:.1f} °C, {data['fires']:.0f} fires, {house.gas_kj / 3_600:.0f} kWh"
    )
    if wanted.transitions:
        Path(wanted.transitions).write_text("".join(boiler.lines), "utf-8")


if __name__ == "__main__":
    main()
