"""What carries wanted rates out on the router, in a thread of its own."""
