"""The typed actions that a router's machine (machines/actuator.yaml) may name; the shaper's thread carries them out."""

from wanctl.engine.action import ActionRegistry, ActionSignature, Param

_TRANSPORT = Param(
    "name",
    "text",
    choices=("rest", "ssh", "netlink"),
    doc="HTTPS, the command line through SSH, or this host's own kernel",
)

ACTIONS = ActionRegistry(
    (
        ActionSignature("transport.use", (_TRANSPORT,), "Talk to the router this way from now on."),
        ActionSignature("transport.probe", (), "Find out, beside all else, whether the preferred way is open."),
        ActionSignature("limits.read", (), "Read what every queue has, and whether the router has rebooted."),
        ActionSignature("write.next", (), "Send the write that is due, the most urgent one."),
        ActionSignature("counters.read", (), "Read the byte counters, if it is time."),
    )
)
