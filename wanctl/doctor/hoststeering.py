"""Is this host prepared to steer the classes of a site whose WANs it shapes by itself?"""

from collections.abc import Iterator

from wanctl.config import SiteFile
from wanctl.doctor.finding import HOST, Finding, on_host
from wanctl.engine.diagnostic import FileError
from wanctl.routeros import RouterError


def hoststeering(file: SiteFile) -> Iterator[Finding]:
    """What nftables, routing rules and tables lack, one finding each."""
    from wanctl.daemon.steering.host import HostSwitches, host_setup

    try:
        lacking = HostSwitches(host_setup(file)).check()
    except FileError as error:
        for item in error.findings.items:
            if item.code == "WC157":
                yield Finding(HOST, "steering.file", "fail", item.message, item.hint)
        return
    except RouterError as error:
        yield Finding(HOST, "steering.kernel", "fail", error.message, error.hint)
        return
    if not lacking:
        yield Finding(HOST, "steering.rules", "ok", "nftables, routing rules and tables are as steering needs them")
    why = "new connections of the classes go where the main table says, or nowhere"
    for sentence in lacking:
        yield Finding(
            HOST, "steering.rules", "fail", sentence, why, on_host(f"wanctl init --steering --apply {file.name}")
        )
