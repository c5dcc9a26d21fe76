import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from wanctl.testing.reflector import Reflectors

SCRIPT = Path(__file__).with_name("prober_process.py")
ROUNDS = 4


def test_a_process_that_is_stopped_while_its_probe_is_out_still_measures_the_network() -> None:
    rtts_ms: list[float] = []
    read_after_ms: list[float] = []
    with Reflectors([lambda _now_ns: 20.0]) as reflectors:
        command = [sys.executable, str(SCRIPT), reflectors.addresses[0], str(ROUNDS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(ROUNDS):
                assert process.stdout.readline() == "sent\n"
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.3)
                process.send_signal(signal.SIGCONT)
                rtt_ms, after_ms = map(float, process.stdout.readline().split())
                rtts_ms.append(rtt_ms)
                read_after_ms.append(after_ms)
    assert min(read_after_ms) > 250.0, "a clock read in the process would have said this"
    truth_ms = [(held.answered_ns - held.arrived_ns) / 1e6 for held in reflectors.held]
    errors_ms = [abs(rtt_ms - held_ms) for rtt_ms, held_ms in zip(rtts_ms, truth_ms, strict=True)]
    assert statistics.median(errors_ms) < 1.0
