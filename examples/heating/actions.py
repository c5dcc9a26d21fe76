"""What the heating machine may ask for. Loading the machine checks every name and every argument against this table."""

from wanctl.engine import ActionRegistry, ActionSignature, Param

ACTIONS = ActionRegistry(
    (
        ActionSignature(
            "gas.open",
            (Param("power", dimension="ratio", low=0.1, high=1.0, doc="of the burner's full power"),),
            "Open the gas valve so far.",
        ),
        ActionSignature("gas.close", (), "Close the gas valve."),
        ActionSignature("spark.start", (), "Spark until told to stop."),
        ActionSignature("spark.stop", (), "No sparks."),
        ActionSignature("fan.start", (), "Blow out the chamber."),
        ActionSignature("fan.stop", (), "Stop the fan."),
        ActionSignature(
            "pump.run",
            (Param("speed", dimension="ratio", low=0.2, high=1.0, doc="of the pump's full speed"),),
            "Move the water.",
        ),
        ActionSignature("pump.stop", (), "Let the water stand."),
        ActionSignature(
            "valve.turn",
            (Param("to", "text", choices=("rooms", "tank"), doc="where the water goes"),),
            "Send the water to the rooms or through the tank.",
        ),
        ActionSignature(
            "alarm.tell",
            (Param("what", "text", choices=("too hot", "no flow", "lockout", "service"), doc="what happened"),),
            "Tell a person.",
        ),
    )
)
