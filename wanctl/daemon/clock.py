"""The one module that reads clocks. Everybody else is handed a `Clock`, or only a number of nanoseconds."""

import time
from functools import partial

from wanctl.probe.stamp import Clock

__all__ = ["Clock", "SystemClock"]


class SystemClock:
    """The kernel's clocks, in whole nanoseconds. Static, so that a reading costs no more than the C call."""

    monotonic_ns = staticmethod(time.monotonic_ns)
    realtime_ns = staticmethod(time.time_ns)
    boottime_ns = staticmethod(partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME))
    cpu_ns = staticmethod(time.process_time_ns)

    @staticmethod
    def sleep_until(due_ns: int) -> None:
        """Sleep until a moment of the monotonic clock; at once when it has passed."""
        wait_ns = due_ns - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / 1e9)

    @staticmethod
    def time_of_day(realtime_ns: int) -> str:
        """A moment as people in its time zone write it: `14:03:22.150`."""
        local = time.localtime(realtime_ns // 1_000_000_000)
        return f"{time.strftime('%H:%M:%S', local)}.{realtime_ns // 1_000_000 % 1_000:03d}"
