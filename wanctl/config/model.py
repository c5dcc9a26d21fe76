"""The form of a site file: which keys there are, and which value each takes.

Every scalar arrives as text and is read by one function of `value`; nothing is converted on the side. What more than
one key decides together (exactly one queue, floor below ceiling) is in `rule`.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from wanctl.config import value
from wanctl.config.address import Endpoint, endpoint, host, numeric, port_range
from wanctl.config.field import (
    Device,
    Duration,
    FilePath,
    Identifier,
    LawName,
    LawParams,
    Network,
    ObjectName,
    Once,
    Port,
    Probe,
    Rate,
    Section,
    Share,
    TransportName,
    Writes,
    reads,
)
from wanctl.config.profile import profile_name
from wanctl.config.value import Quota
from wanctl.plan import ClassPlan, DirectionPlan

DEFAULT_LAW = "default"
CEILING_OF_PLAN = 0.85  # headroom below what was sold: the queue must stand at our shaper, not at the modem
FLOOR_OF_CEILING = 0.05
START_OF_CEILING = 0.50


class Router(Section):
    """How to reach the router that shapes."""

    address: Annotated[str, reads(host)]
    port: Port = 443
    ssh_port: Port = 22
    user: Annotated[str, reads(value.user)]
    password_file: FilePath
    ca_file: FilePath | None = None
    pin: Annotated[str, reads(value.pin)] | None = None
    host_key: Annotated[str, reads(value.host_key)] | None = None
    transport: Annotated[tuple[TransportName, ...], Once]


class Linux(Section):
    """The host itself shapes; there is nothing to set yet."""


class Direction(Section):
    """One shaped direction: the queue that shapes it, and its limits in whole bit/s."""

    queue: ObjectName | None = None
    simple_queue: ObjectName | None = None
    device: Device | None = None
    plan: Rate | None = None
    ceiling: Rate | None = None
    floor: Rate | None = None
    start: Rate | None = None

    def limits(self) -> DirectionPlan:
        """Floor, ceiling and start under the default law, those that are not written filled in."""
        ceiling = self.ceiling or round((self.plan or 0) * CEILING_OF_PLAN)
        floor = self.floor or round(ceiling * FLOOR_OF_CEILING)
        start = self.start or max(floor, round(ceiling * START_OF_CEILING))
        return DirectionPlan(floor, ceiling, start)


class Wan(Section):
    """One WAN: how its probes leave, what shapes it, and by which law."""

    profile: Annotated[str, reads(profile_name)] = "default"
    interface: ObjectName | None = None
    gateway: ObjectName | None = None
    source: Annotated[str, reads(numeric)] | None = None
    device: Device | None = None
    fwmark: Annotated[int, reads(value.fwmark)] | None = None
    metered: Annotated[Quota, reads(value.quota)] | None = None
    reflectors: Annotated[tuple[Probe, ...], Once] | None = None
    law: LawName | None = None
    params: LawParams = Field(default_factory=dict)
    download: Direction
    upload: Direction


class Who(Section):
    """The traffic of a class: whatever one of these names."""

    dscp: Annotated[tuple[Annotated[str, reads(value.dscp)], ...], Once] = ()
    hosts: Annotated[tuple[Network, ...], Once] = ()
    ports: Annotated[tuple[Annotated[str, reads(port_range)], ...], Once] = ()
    lists: Annotated[tuple[ObjectName, ...], Once] = ()


class Hurts(Section):
    """What a class does not bear."""

    delay: Duration | None = None
    jitter: Duration | None = None
    loss: Share | None = None


class TrafficClass(Section):
    """Traffic that is steered together."""

    who: Who
    prefer: Annotated[tuple[Identifier, ...], Once]
    hurts: Hurts | None = None
    need: Rate | None = None

    def plan(self, name: str) -> ClassPlan:
        """What steering is asked to do for it."""
        hurts = self.hurts or Hurts()
        return ClassPlan(name, self.prefer, hurts.delay, hurts.jitter, hurts.loss, self.need or 0)


class Steered(Section):
    """How classes are steered: whose new connections, and how long a switch stays on that nobody refreshes."""

    lan: ObjectName = "LAN"
    ttl: Annotated[float, reads(value.time_to_live)] = 90_000.0  # ms


class Budget(Section):
    """How many writes a router may get. Its flash memory wears with each; Linux has no such limit."""

    minute: Writes = 30
    day: Writes = 10_000


class Site(Section):
    """A whole site file."""

    router: Router | None = None
    linux: Linux | None = None
    wans: Mapping[Identifier, Wan]
    classes: Mapping[Identifier, TrafficClass] = Field(default_factory=dict)
    steering: Steered | None = None
    reflectors: Annotated[tuple[Probe, ...], Once] | None = None
    law: LawName | None = None
    params: LawParams = Field(default_factory=dict)
    http: Annotated[Endpoint, reads(endpoint)] | None = None
    budget: Budget | None = None
