"""The alert rules for Prometheus: each names metrics that exist, and is tested to fire and to be quiet."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from wanctl.observe.metric import METRICS, Metric

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES, TESTS = FOLDER / "wanctl.rules.yaml", FOLDER / "wanctl.test.yaml"
PROMTOOL = os.environ.get("WANCTL_PROMTOOL") or shutil.which("promtool")
OF_THE_SCRAPE = {"instance", "job", "le"}
ENDINGS = {"counter": ("_total",), "info": ("_info",), "histogram": ("_bucket", "_sum", "_count")}


def samples_of(metric: Metric) -> list[str]:
    """The names that a metric's series have at a scrape."""
    return [metric.name + ending for ending in ENDINGS.get(metric.kind, ("",))]


SAMPLES = {name: metric for metric in METRICS for name in samples_of(metric)}


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load(RULES.read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def unknown_names(expression: str) -> set[str]:
    """Metrics that are not exported and labels that they do not have, in an expression of PromQL."""
    bare = re.sub(r"\{[^}]*\}|\b(?:by|on|without|ignoring) *\([^)]*\)", "", expression)
    used = set(re.findall(r"\bwanctl_\w+|\bup\b", bare))
    labels = set(re.findall(r"(\w+) *(?:=~|!~|!=|=)", " ".join(re.findall(r"\{([^}]*)\}", expression))))
    for listed in re.findall(r"\b(?:by|on|without|ignoring) *\(([^)]*)\)", expression):
        labels |= set(re.findall(r"\w+", listed))
    known = set(OF_THE_SCRAPE)
    for name in used & set(SAMPLES):
        metric = SAMPLES[name]
        known |= {*metric.labels, metric.name} if metric.kind == "stateset" else set(metric.labels)
    return (used - set(SAMPLES) - {"up"}) | (labels - known) | (set() if used else {"no metric"})


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_names_metrics_and_labels_that_are_exported(rule: dict[str, Any]) -> None:
    assert unknown_names(rule["expr"]) == set()


@pytest.mark.parametrize(
    ("expression", "unknown"),
    [
        ("wanctl_gone == 1", {"wanctl_gone"}),
        ("rate(wanctl_ticks[1m]) < 10", {"wanctl_ticks"}),
        ('wanctl_router_state{state="DENIED"} == 1', {"state"}),
        ("sum by (wam) (wanctl_rtt_seconds) > 1", {"wam"}),
        ("vector(1)", {"no metric"}),
    ],
)
def test_a_rule_that_names_what_is_not_exported_is_found(expression: str, unknown: set[str]) -> None:
    assert unknown_names(expression) == unknown


def test_each_alert_is_tested_to_fire_and_to_be_quiet() -> None:
    fires: list[str] = []
    quiet: list[str] = []
    for case in yaml.safe_load(TESTS.read_text())["tests"]:
        for one in case["alert_rule_test"]:
            (fires if one["exp_alerts"] else quiet).append(one["alertname"])
    names = sorted(rule["alert"] for rule in rules())
    assert sorted(fires) == sorted(quiet) == names
    assert len(set(names)) == len(names)


def test_each_alert_says_what_is_seen_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "do"}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_promtool_finds_the_rules_sound_and_their_tests_pass() -> None:
    assert PROMTOOL is not None
    for words in (["check", "rules", RULES.name], ["test", "rules", TESTS.name]):
        done = subprocess.run([PROMTOOL, *words], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
