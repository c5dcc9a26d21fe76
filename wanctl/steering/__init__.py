"""Which WAN each traffic class uses: the health of the WANs, what each would cost a class, and when a class moves."""
