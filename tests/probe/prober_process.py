"""Measures one reflector in a process that a test will stop: a line when a probe left, a line with its RTT."""

import sys
import time

from wanctl.daemon.clock import SystemClock
from wanctl.probe import WanProber, parse_address

clock = SystemClock()
prober = WanProber("cable", [parse_address(sys.argv[1])], clock)
for _ in range(int(sys.argv[2])):
    (sent,) = prober.send(clock.monotonic_ns())
    print("sent", flush=True)
    time.sleep(0.1)
    read_ns = clock.monotonic_ns()
    for sample in prober.drain(read_ns):
        print((sample.received_ns - sample.sent_ns) / 1e6, (read_ns - sample.sent_ns) / 1e6, flush=True)
prober.close()
