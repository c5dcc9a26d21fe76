"""The lab: rate controllers on a real Linux kernel with CAKE, in virtual time. README.md says how to run it."""
