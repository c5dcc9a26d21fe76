"""Every metric that wanctl exports: name, kind, labels and what it says. Nothing is exported that is not in this table.

Base units: seconds, bytes (rates too), ratios. Times are timestamps, not ages. A value that is unknown is NaN, "no
limit" is +Inf, and a series is there from the first scrape on. Source: the Prometheus practices for naming and
instrumentation; a state is an OpenMetrics StateSet (one series for each state, exactly one of them 1).
"""

from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter", "histogram", "info", "stateset"]


class Metric(NamedTuple):
    """One metric family. A counter's samples end in `_total`, an info's in `_info`."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


WAN = ("wan",)
SIDE = ("wan", "direction")
REFLECTOR = ("wan", "reflector")

METRICS: tuple[Metric, ...] = (
    Metric("wanctl_build", "info", "The version that runs.", ("version",)),
    Metric("wanctl_config", "info", "The site's file as it was read.", ("site", "file", "sha256")),
    Metric("wanctl_start_timestamp_seconds", "gauge", "When the site was started, as unix time."),
    Metric("wanctl_problems", "gauge", "How many things are not as they should be; wanctl status names them."),
    # the tick loop
    Metric("wanctl_ticks", "counter", "Ticks held."),
    Metric("wanctl_tick_overruns", "counter", "Ticks left out because the one before them took too long."),
    Metric("wanctl_tick_duration_seconds", "histogram", "Work of a tick."),
    Metric("wanctl_tick_lateness_seconds", "histogram", "How late a tick began."),
    Metric("wanctl_last_tick_timestamp_seconds", "gauge", "When the last tick was held, as unix time."),
    # machines
    Metric("wanctl_connectivity_state", "stateset", "Whether the link can be seen.", WAN),
    Metric("wanctl_baseline_state", "stateset", "What the baseline may do.", WAN),
    Metric("wanctl_download_state", "stateset", "The mode of the download.", WAN),
    Metric("wanctl_upload_state", "stateset", "The mode of the upload.", WAN),
    Metric(
        "wanctl_transitions",
        "counter",
        "Transitions by their row's state and target.",
        (*WAN, "region", "source", "target"),
    ),
    Metric("wanctl_machine_faults", "counter", "Bounds of machines that were reached."),
    # steering
    Metric("wanctl_steering_state", "stateset", "What a traffic class does.", ("class",)),
    Metric("wanctl_steering_active", "gauge", "1 for the WAN that new connections of a class take.", ("class", "wan")),
    Metric(
        "wanctl_steering_cost_seconds",
        "gauge",
        "What a packet of the class costs on a WAN: its mean round trip, a lost one counted as a second.",
        ("class", "wan"),
    ),
    Metric(
        "wanctl_steering_desired_mismatch",
        "gauge",
        "1 while the router has a class elsewhere than it is wanted.",
        ("class",),
    ),
    # measuring
    Metric("wanctl_rtt_seconds", "gauge", "The newest round-trip time.", WAN),
    Metric("wanctl_rtt_baseline_seconds", "gauge", "The round-trip time of the idle link.", WAN),
    Metric("wanctl_rtt_delta_seconds", "gauge", "The round-trip time under load minus the baseline: the queue.", WAN),
    Metric("wanctl_rtt_jitter_seconds", "gauge", "How much the round-trip time varies.", WAN),
    Metric("wanctl_rtt_limit_seconds", "gauge", "Beyond this a round-trip time over the baseline is a queue.", WAN),
    Metric("wanctl_reflectors_moved_ratio", "gauge", "Share of the reflectors that have moved, all one way.", WAN),
    Metric("wanctl_probe_loss_ratio", "gauge", "Share of the probes of the last ten seconds without an answer.", WAN),
    Metric("wanctl_last_answer_timestamp_seconds", "gauge", "When the newest answer came, as unix time.", WAN),
    Metric("wanctl_reflectors_alive", "gauge", "Reflectors that answer.", WAN),
    Metric("wanctl_probes_sent", "counter", "Probes that left.", WAN),
    Metric("wanctl_probes_answered", "counter", "Probes answered in time.", WAN),
    Metric("wanctl_probes_lost", "counter", "Probes without an answer in time.", WAN),
    Metric("wanctl_probes_late", "counter", "Probes answered too late; also counted as lost.", WAN),
    Metric("wanctl_probes_duplicate", "counter", "Answers to probes that had one already.", WAN),
    Metric("wanctl_probe_local_failures", "counter", "Probes that never left this host.", WAN),
    Metric("wanctl_probes_foreign", "counter", "Packets that answer no probe of this site.", WAN),
    Metric("wanctl_probes_unusable", "counter", "Answers that tell no delay, such as a closed port's.", WAN),
    Metric("wanctl_probes_clock_dropped", "counter", "Probes in flight while the wall clock was set.", WAN),
    Metric("wanctl_probe_clock_jumps", "counter", "Steps of the wall clock.", WAN),
    Metric("wanctl_probe_sockets_reopened", "counter", "Sockets that were opened again after local failures.", WAN),
    Metric("wanctl_reflector_packets_per_day", "gauge", "What a reflector is asked, by the last 24 hours.", REFLECTOR),
    Metric("wanctl_reflector_resting", "gauge", "1: silent while others answer, and asked seldom.", REFLECTOR),
    Metric("wanctl_reflector_deaf", "gauge", "1: it feels no queue that all others feel; not believed.", REFLECTOR),
    Metric("wanctl_unfelt_queue", "gauge", "1: stands below the shaped rate, with losses and no delay.", SIDE),
    # shaping
    Metric("wanctl_shaper_wanted_bytes_per_second", "gauge", "The rate that is wanted.", SIDE),
    Metric("wanctl_shaper_applied_bytes_per_second", "gauge", "The rate that the router says it has.", SIDE),
    Metric("wanctl_shaper_floor_bytes_per_second", "gauge", "The lowest rate that may be wanted.", SIDE),
    Metric("wanctl_shaper_ceiling_bytes_per_second", "gauge", "The highest rate that may be wanted.", SIDE),
    Metric("wanctl_achieved_bytes_per_second", "gauge", "The rate that flows.", SIDE),
    Metric("wanctl_capacity_bytes_per_second", "gauge", "What the link is found to carry.", SIDE),
    Metric("wanctl_load_ratio", "gauge", "The rate that flows over the shaped rate.", SIDE),
    Metric("wanctl_shaper_suppressed", "gauge", "1 for the reason why the wanted rate waits.", (*SIDE, "reason")),
    Metric("wanctl_shaper_in_flight", "gauge", "1 while a write waits for the router's answer.", SIDE),
    Metric(
        "wanctl_shaper_confirmed_timestamp_seconds", "gauge", "When the router last said its rate, as unix time.", SIDE
    ),
    # the daemon
    Metric("wanctl_daemon_state", "stateset", "What the process as a whole does."),
    Metric("wanctl_part_failures", "counter", "Parts of the daemon that a fault of wanctl has ended."),
    Metric("wanctl_state_recoveries", "counter", "Kept state that was lost or could not be taken up."),
    Metric("wanctl_config_reloads", "counter", "Configurations that took the place of another."),
    Metric("wanctl_config_reloads_refused", "counter", "Reloads that were refused: nothing has changed."),
    Metric("wanctl_config_last_reload_successful", "gauge", "0: the last reload was refused."),
    # the router
    Metric("wanctl_router_state", "stateset", "Whether the router does what we ask."),
    Metric("wanctl_router_transport", "stateset", "How we talk to the router."),
    Metric("wanctl_router_writes", "counter", "Writes that were sent to the router."),
    Metric("wanctl_router_failures", "gauge", "Writes that have failed in a row."),
    Metric("wanctl_router_troubles", "gauge", "Kinds of requests that the router does not answer well at present."),
    Metric("wanctl_write_budget_remaining", "gauge", "Writes left of the router's budget.", ("window",)),
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}
REGIONS = ("connectivity", "baseline", "download", "upload")
REASONS = ("spacing", "settling", "budget", "refused", "missing", "backoff", "unreachable", "denied")
ROUTER_MODES = ("ONLINE", "BACKOFF", "UNREACHABLE", "DENIED")  # of machines/actuator.yaml
CLASS_MODES = ("HOME", "CONFIRMING", "STEERED", "PROBATION", "PINNED", "DISABLED")
DAEMON_MODES = ("STARTING", "RUNNING", "IMPAIRED", "RELOADING", "SAFE", "DRAINING")  # of machines/daemon.yaml
TRANSPORTS = ("rest", "ssh", "netlink")
