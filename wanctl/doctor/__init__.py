"""What `wanctl doctor` looks at, on this host and on the router, and what it says about it. It changes nothing."""

from wanctl.doctor.examine import examine
from wanctl.doctor.finding import Finding, Report, Step
from wanctl.doctor.unusable import unusable

__all__ = ["Finding", "Report", "Step", "examine", "unusable"]
