"""The statechart engine: YAML in, a checked model, a compiled machine, intents and transition records out. Pure."""
