"""`python -m wanctl` is the `wanctl` command."""

from wanctl.cli import main

main()
