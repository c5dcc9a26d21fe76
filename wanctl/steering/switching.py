"""What the machine of a placement (machines/placement.yaml) may ask for; the steerer carries it out."""

from wanctl.engine.action import ActionRegistry, ActionSignature

ACTIONS = ActionRegistry(
    (
        ActionSignature("switches.read", (), "Read all switches, and whether the router has rebooted."),
        ActionSignature("switches.check", (), "Look whether the rules that the switches belong to are there."),
        ActionSignature("switch.on", (), "Turn the switch of the wanted WAN on, or refresh it."),
        ActionSignature("switch.off", (), "Turn the other switches of the class off."),
    )
)
