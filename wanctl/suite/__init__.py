"""Tests of machines: YAML files read, run, and what they exercised. Pure: texts and models are handed in."""

from wanctl.suite.case import Case, Suite
from wanctl.suite.coverage import Coverage, Gap
from wanctl.suite.failure import Failure
from wanctl.suite.read import read_suite
from wanctl.suite.run import CaseResult, SuiteResult, run_case

__all__ = ["Case", "CaseResult", "Coverage", "Failure", "Gap", "Suite", "SuiteResult", "read_suite", "run_case"]
