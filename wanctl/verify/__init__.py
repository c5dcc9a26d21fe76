"""Proofs about machines: what can never happen, what always can, and a run where it is otherwise. Pure.

Two levels. The abstract one looks at all inputs and all parameters at once and lets every timer fire or not: what it
proves holds, and what it finds is replayed on the engine. Where that leaves something open, the exact level walks the
real engine through every memory of the regions concerned.
"""

from wanctl.verify.result import Fault, Result, Run, Step
from wanctl.verify.testcase import test_file, violations
from wanctl.verify.verify import Check, checks, run_check

__all__ = ["Check", "Fault", "Result", "Run", "Step", "checks", "run_check", "test_file", "violations"]
