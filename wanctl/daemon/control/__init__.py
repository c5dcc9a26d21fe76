"""Whom others talk to: the control socket, HTTP, and how they look at the tick loop."""
