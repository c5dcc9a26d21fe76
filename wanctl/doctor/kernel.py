"""The queues of a site whose WANs this host shapes by itself: is there a CAKE on each device, and may we write it?"""

from collections.abc import Iterator

from wanctl.config import SiteFile
from wanctl.daemon.clock import Clock
from wanctl.daemon.shaping.connect import connect, targets_of
from wanctl.doctor.finding import QUEUES, Finding, on_host
from wanctl.routeros import RouterError


def kernel(file: SiteFile, clock: Clock) -> Iterator[Finding]:
    """Each device of the site. The hints come from whoever talks to the kernel, with the line of tc(8) to type."""
    try:
        queues = connect(file, clock, "netlink")
    except RouterError as error:
        yield Finding(QUEUES, "kernel.denied", "fail", error.message, error.hint)
        return
    try:
        for target in targets_of(file):
            told = f"'{target.queue}' ({target.wan} {target.direction})"
            try:
                queues.read_tree(target.queue)
            except RouterError as error:
                # The Linux room says what to type as "type: LINE".
                word, typed, line = error.hint.partition("type: ")
                steps = on_host(line) if typed and not word else ()
                why = "there is nothing to shape this direction with" if steps else error.hint
                yield Finding(QUEUES, "kernel.queue", "fail", f"{told}: {error.message}", why, steps)
            else:
                yield Finding(QUEUES, "kernel.queue", "ok", f"{told} has a CAKE whose bandwidth can be set")
    finally:
        queues.close()
