"""The one module that reads clocks. Everybody else is handed a `Clock`, or only a number of nanoseconds."""

import time

from wanctl.probe.stamp import Clock

__all__ = ["Clock", "SystemClock"]


class SystemClock:
    """The kernel's clocks, in whole nanoseconds. Static, so that a reading costs no more than the C call."""

    monotonic_ns = staticmethod(time.monotonic_ns)
    realtime_ns = staticmethod(time.time_ns)
