"""One process per site: the tick loop, and around it what may wait: shaping, state, control."""
