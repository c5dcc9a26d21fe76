"""A site that this host shapes by itself: the doctor says of each device what it lacks."""

from pathlib import Path

from wanctl.config import load_site
from wanctl.daemon.clock import SystemClock
from wanctl.doctor import Report
from wanctl.doctor.examine import look_at_router


def test_a_device_that_cannot_be_shaped_is_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(
        "linux: {}\nwans:\n  cable:\n    download: {device: nosuch0, plan: 100Mbit}\n"
        "    upload: {device: nosuch1, plan: 10Mbit}\n"
    )
    report = Report("home", str(path))
    look_at_router(load_site(path), {}, SystemClock(), report)
    assert report.reached
    # Without the right to shape there is one finding, with it one for each device.
    assert {finding.mark for finding in report.findings} == {"fail"}
    assert all("nosuch" in finding.what for finding in report.findings)
