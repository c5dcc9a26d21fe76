"""The classic four-state law again, in the plainest Python there is: what `machines/classic.yaml` is checked against.

Written from the specification alone: one function, if and elif, counters by hand. It shares no code, no names and no
ideas with the product. Rates are bit/s, delays and times ms.
"""

CABLE = {
    "baseline_rtt_initial": 24.0,
    "floor_green": 550, "floor_yellow": 350, "floor_soft_red": 275, "floor_red": 200,
    "dl_ceiling": 940, "dl_step_up": 10, "dl_factor_down": 0.85, "dl_factor_down_yellow": 0.96,
    "ul_floor": 8, "ul_ceiling": 38, "ul_step_up": 1, "ul_factor_down": 0.90, "ul_factor_down_yellow": 0.94,
    "target": 12.0, "warn": 45.0, "hard": 80.0, "accel": 12.0,
    "baseline_time_constant_s": 50.0, "load_time_constant_s": 0.10,
}  # fmt: skip

DSL = {
    "baseline_rtt_initial": 31.0,
    "floor_green": 25, "floor_yellow": 25, "floor_soft_red": 25, "floor_red": 25,
    "dl_ceiling": 95, "dl_step_up": 2, "dl_factor_down": 0.90, "dl_factor_down_yellow": 0.96,
    "ul_floor": 6, "ul_ceiling": 18, "ul_step_up": 0.5, "ul_factor_down": 0.95, "ul_factor_down_yellow": 0.94,
    "target": 3.0, "warn": 10.0, "hard": 80.0, "accel": 15.0,
    "baseline_alpha": 0.015, "load_alpha": 0.20,
}  # fmt: skip

PROFILES = {"cable": CABLE, "dsl": DSL}


class Law:
    def __init__(self, table):
        def mbit(key):
            return int(table[key] * 1_000_000)

        self.t = table
        self.a_base = table["baseline_alpha"] if "baseline_alpha" in table else 0.05 / table["baseline_time_constant_s"]
        self.a_load = table["load_alpha"] if "load_alpha" in table else 0.05 / table["load_time_constant_s"]
        self.floors = {state: mbit("floor_" + state.lower()) for state in ("GREEN", "YELLOW", "SOFT_RED", "RED")}
        self.dl_ceiling, self.dl_step = mbit("dl_ceiling"), mbit("dl_step_up")
        self.ul_ceiling, self.ul_step, self.ul_floor = mbit("ul_ceiling"), mbit("ul_step_up"), mbit("ul_floor")
        self.B = self.L = self.Lp = table["baseline_rtt_initial"]
        self.dl_rate, self.ul_rate = self.dl_ceiling, self.ul_ceiling
        self.dl_green = self.dl_soft = self.dl_red = 0
        self.ul_green = self.ul_red = 0
        self.dl_state = self.ul_state = "GREEN"
        self.applied = None
        self.change_times = []

    def cycle(self, now_ms, answers, tcp=None):
        """One cycle; `answers` are the RTTs that came, `tcp` a connect RTT. Returns the row of decisions."""
        m = None
        if len(answers) == 1:
            m = answers[0]
        elif len(answers) == 2:
            m = (answers[0] + answers[1]) / 2
        elif len(answers) == 3:
            m = sorted(answers)[1]
        elif tcp is not None:
            m = tcp
        if m is not None:
            self.measured(now_ms, m)
        down, up = self.applied if self.applied is not None else (None, None)
        return (m, self.L, self.B, self.L - self.B, self.dl_state, self.dl_rate, self.ul_state, self.ul_rate, down, up)

    def measured(self, now_ms, m):
        t = self.t
        self.L = (1 - self.a_load) * self.L + self.a_load * m
        d = self.L - self.B
        if d < 3.0:
            new = (1 - self.a_base) * self.B + self.a_base * m
            if 10 <= new <= 60:
                self.B = new
        if self.L - self.Lp > t["accel"]:
            self.dl_red = 1
            self.dl_green = 0
            self.dl_soft = 0
        self.Lp = self.L
        d = self.L - self.B

        # download
        if d > t["hard"]:
            self.dl_red += 1
            self.dl_green = self.dl_soft = 0
            self.dl_state = "RED"
            rate = int(self.dl_rate * t["dl_factor_down"])
        elif d > t["warn"]:
            self.dl_soft += 1
            self.dl_green = self.dl_red = 0
            self.dl_state = "SOFT_RED"
            rate = self.dl_rate
        elif d > t["target"]:
            self.dl_green = self.dl_soft = self.dl_red = 0
            self.dl_state = "YELLOW"
            rate = int(self.dl_rate * t["dl_factor_down_yellow"])
        else:
            self.dl_green += 1
            self.dl_soft = self.dl_red = 0
            self.dl_state = "GREEN"
            if self.dl_green >= 5:
                rate = self.dl_rate + self.dl_step
            else:
                rate = self.dl_rate
        self.dl_rate = int(min(max(rate, self.floors[self.dl_state]), self.dl_ceiling))

        # upload
        if d > t["warn"]:
            self.ul_red += 1
            self.ul_green = 0
            self.ul_state = "RED"
            rate = int(self.ul_rate * t["ul_factor_down"])
        elif d > t["target"]:
            self.ul_green = self.ul_red = 0
            self.ul_state = "YELLOW"
            rate = int(self.ul_rate * t["ul_factor_down_yellow"])
        else:
            self.ul_green += 1
            self.ul_red = 0
            self.ul_state = "GREEN"
            if self.ul_green >= 5:
                rate = self.ul_rate + self.ul_step
            else:
                rate = self.ul_rate
        self.ul_rate = int(min(max(rate, self.ul_floor), self.ul_ceiling))

        # write
        wanted = (self.dl_rate, self.ul_rate)
        if wanted == self.applied:
            return
        self.change_times = [at for at in self.change_times if not now_ms - at > 60_000]
        if len(self.change_times) >= 10:
            return
        self.change_times.append(now_ms)
        self.applied = wanted
