"""The typed actions that the machine of a traffic class (machines/steering.yaml) may name; its policy does them."""

from wanctl.engine.action import ActionRegistry, ActionSignature

ACTIONS = ActionRegistry(
    (
        ActionSignature("class.move", (), "Move the class to the best other WAN that it may use."),
        ActionSignature("class.home", (), "Move the class home."),
        ActionSignature("class.pin", (), "Move the class to the WAN that the operator named."),
    )
)
