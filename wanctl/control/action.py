"""The typed actions that a WAN's machine may name: what moves a rate, a baseline or the choice of a source.

The engine checks machine files against these signatures and hands out intents; `wanctl.wan` and `wanctl.classic` carry
them out with the laws of this room. Values arrive in canonical units: ms, bit/s, ratio.
"""

from wanctl.engine.action import ActionRegistry, ActionSignature, Param


def _ratio(name: str, doc: str, low: float = 0.0, high: float = 1.0) -> Param:
    return Param(name, dimension="ratio", low=low, high=high, doc=doc)


def _time(name: str, doc: str, high_ms: float = 60_000.0) -> Param:
    return Param(name, dimension="time", low=0.0, high=high_ms, doc=doc)


def _rate(name: str, doc: str) -> Param:
    return Param(name, dimension="rate", low=0.0, doc=doc)


ACTIONS = ActionRegistry(
    (
        # -- the default law: wanctl/control/law.py -------------------------------------------------------------------
        ActionSignature(
            "rate.cut",
            (
                _ratio("least", "taken off the estimate at the smallest queue"),
                _ratio("most", "taken off the estimate at the most"),
                _time("pace", "a queue is drained in this time, as long as `most` is not needed for it"),
                _ratio("blind", "taken off the shaped rate instead, while the achieved rate is unknown"),
            ),
            "Estimate the capacity from what is achieved, shape below it, and owe the time that drains what stands.",
        ),
        ActionSignature("rate.refine", (), "The estimate of a cut that just began follows the newest look, downwards."),
        ActionSignature("rate.drain", (), "Keep paying; a queue that outlives its drain is estimated and owed anew."),
        ActionSignature(
            "rate.settle",
            (
                _ratio("share", "of the estimate, from now on"),
                _time("wait", "on top of one round trip: until then the delay still shows the past"),
            ),
            "The debt is paid: shape just below the estimate.",
        ),
        ActionSignature(
            "rate.raise",
            (
                _ratio("first", "the first step of a climb"),
                _ratio("step", "the steps after it"),
                _ratio("leap", "the first step once the estimate is left behind; each later leap is larger"),
                _ratio("beyond", "how far above the estimate the leaps begin"),
            ),
            "One step up when it is due: a round trip has shown the step before.",
        ),
        ActionSignature("rate.creep", (_ratio("step", "of the rate"),), "One step up without knowledge of the load."),
        ActionSignature(
            "rate.rest", (), "A climb is over: rest before the next, the longer the less the last one found."
        ),
        # -- the classic law: wanctl/control/classic.py ---------------------------------------------------------------
        ActionSignature(
            "rate.scale",
            (_ratio("factor", "of the current rate"), _rate("floor", "never below, even if that raises it")),
            "The current rate times a factor, truncated.",
        ),
        ActionSignature(
            "rate.step",
            (_rate("step", "added to the current rate"), _rate("floor", "never below, even if that raises it")),
            "The current rate plus a step.",
        ),
        ActionSignature(
            "rate.keep", (_rate("floor", "never below, even if that raises it"),), "The current rate, clamped."
        ),
        # -- measuring: wanctl/control/rtt.py -------------------------------------------------------------------------
        ActionSignature("baseline.follow", (), "From now on the baselines follow what is measured."),
        ActionSignature("baseline.sink", (), "From now on the baselines follow downwards only."),
        ActionSignature("baseline.freeze", (), "From now on no baseline moves."),
        ActionSignature("baseline.restart", (), "Forget the baselines and start again from the newest answers."),
        ActionSignature("loss.forget", (), "What was lost until now says nothing about the link as it is."),
        ActionSignature(
            "source.use",
            (Param("name", "text", choices=("echo", "tcp"), doc="ICMP and UDP echoes, or TCP connects"),),
            "The delay is told by this kind of probe from now on.",
        ),
    )
)
