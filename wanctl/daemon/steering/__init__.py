"""What carries moves of traffic classes out on the router, in a thread of its own."""
