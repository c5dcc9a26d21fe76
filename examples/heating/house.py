"""A house to be heated: a few lines of physics, so that the machine has something to look at.

Temperatures in °C, power in kW, energy in kJ, time in seconds. The figures are those of a small house; nothing here is
more exact than it needs to be.
"""

from dataclasses import dataclass, field

from wanctl.engine import Intent, Value

BURNER_KW = 14.0
RADIATORS_KW_PER_K, COIL_KW_PER_K, WALLS_KW_PER_K = 0.30, 0.60, 0.16
ROOM_KJ_PER_K, WATER_KJ_PER_K, TANK_KJ_PER_K = 6_000.0, 80.0, 630.0
SHOWER_KW = 12.0
LIGHTS_AFTER_S = 2.0
SHOWERS = ((7 * 3_600, 900), (20 * 3_600, 1_200))  # when, and how long, in seconds of the day
NIGHT = (22 * 3_600, 6 * 3_600)


@dataclass(slots=True)
class House:
    """The house, and what the machine has asked of its boiler."""

    outside: float = 2.0
    room: float = 18.0
    tank: float = 50.0
    water: float = 30.0
    gas: float = 0.0  # share of the full power
    pump: float = 0.0  # share of the full speed
    side: str = "rooms"
    sparks: bool = False
    flame: bool = False
    gas_kj: float = 0.0
    fires: int = 0
    told: list[str] = field(default_factory=list)
    _lit_s: float = 0.0

    def carry_out(self, intent: Intent) -> None:
        """What a machine asked for. Names and values were checked when its file was loaded."""
        match intent.action, intent.values:
            case "gas.open", {"power": float(power)}:
                self.gas = power
            case "gas.close", _:
                self.gas = 0.0
            case (("spark.start" | "spark.stop"), _):
                self.sparks = intent.action == "spark.start"
            case "pump.run", {"speed": float(speed)}:
                self.pump = speed
            case "pump.stop", _:
                self.pump = 0.0
            case "valve.turn", {"to": str(side)}:
                self.side = side
            case "alarm.tell", {"what": str(what)}:
                self.told.append(what)
            case (("fan.start" | "fan.stop"), _):
                pass  # the air of this house needs no model

    def pass_time(self, now_s: float, dt_s: float) -> None:
        """Let heat flow for a short time."""
        self._lit_s = self._lit_s + dt_s if self.sparks and self.gas else 0.0
        burned = self.flame
        self.flame = self.gas > 0.0 and (self.flame or self._lit_s >= LIGHTS_AFTER_S)
        self.fires += self.flame and not burned
        burned_kw = BURNER_KW * self.gas if self.flame else 0.0
        to_room_kw = RADIATORS_KW_PER_K * self.pump * max(0.0, self.water - self.room) if self.side == "rooms" else 0.0
        to_tank_kw = COIL_KW_PER_K * self.pump * max(0.0, self.water - self.tank) if self.side == "tank" else 0.0
        day_s = now_s % 86_400
        shower_kw = SHOWER_KW if any(start <= day_s < start + lasts for start, lasts in SHOWERS) else 0.0
        self.water += (burned_kw - to_room_kw - to_tank_kw) * dt_s / WATER_KJ_PER_K
        self.tank += (to_tank_kw - shower_kw) * dt_s / TANK_KJ_PER_K
        self.room += (to_room_kw - WALLS_KW_PER_K * (self.room - self.outside)) * dt_s / ROOM_KJ_PER_K
        self.gas_kj += burned_kw * dt_s

    def sense(self, now_s: float) -> dict[str, Value]:
        """The inputs of the machine."""
        day_s = now_s % 86_400
        return {
            "room": round(self.room, 2),
            "tank": round(self.tank, 1),
            "water": round(self.water, 1),
            "flame": self.flame,
            "flow": self.pump > 0.0,
            "night": day_s >= NIGHT[0] or day_s < NIGHT[1],
        }
