"""The alerts and the Grafana dashboard: every metric that they name is in a live /metrics, every alert fires when it
should, and the page says what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.app.clock import HandClock
from tests.app.server import Server
from tests.docs.pages import MONITORING
from tests.support.metrics import collected, some_of_everything
from tests.support.redis import free_port

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
RULE_TESTS = Path(__file__).parent / "rules.test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "blazy-jobs.json"

OF_PROMETHEUS = {"up"}
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}
SUFFIXES = re.compile(r"_(bucket|count|sum)$")
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: apt-get install prometheus"
)


@pytest.fixture
async def server(data: Path, clock: HandClock) -> AsyncIterator[Server]:
    """With a Redis, as far as it knows."""
    async with Server(data, clock, redis_url=f"redis://127.0.0.1:{free_port()}/0") as server:
        yield server


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for rule in alerts():
        yield rule["expr"]
        yield from re.findall(r'query \\?"([^"\\]+)\\?"', rule["annotations"]["summary"])
    document = json.loads(DASHBOARD.read_text())
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    yield from (
        variable["query"]["query"] for variable in document["templating"]["list"] if variable["type"] == "query"
    )
    yield from (annotation["expr"] for annotation in document["annotations"]["list"])


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:jobs|process)_[a-z_]+\b|\bup\b", expression))


def labels_in(expression: str) -> set[str]:
    selected = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression)
    grouped = [name for names in re.findall(r"\bby \(([^)]*)\)", expression) for name in names.split(",")]
    return {name.strip() for name in (*selected, *grouped)}


async def test_every_metric_and_label_that_they_name_is_in_a_live_scrape(server: Server) -> None:
    await some_of_everything(server)
    live = await collected(server)
    seen = set()
    for expression in expressions():
        found = {SUFFIXES.sub("", name) if name not in live else name for name in named(expression)} - OF_PROMETHEUS
        assert found <= live.keys(), expression
        labels = {label for name in found for label in live[name][1]}
        assert labels_in(expression) <= labels | LABELS_OF_PROMETHEUS, expression
        seen |= found
    histograms = {name for name, (kind, _) in live.items() if kind == "histogram"}
    assert {name for name in live if name.startswith("jobs_")} - seen <= {"jobs_build_info", "jobs_oldest_seconds"}
    assert histograms <= seen


@needs_promtool
async def test_the_exposition_is_as_promtool_wants_it(server: Server) -> None:
    await some_of_everything(server)
    text = (await server.http.get("/metrics")).text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@needs_promtool
def test_the_rules_are_sound() -> None:
    checked = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
def test_each_alert_fires_when_it_should() -> None:
    tested = subprocess.run(["promtool", "test", "rules", RULE_TESTS], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@needs_promtool
def test_the_queries_of_the_dashboard_are_sound(tmp_path: Path) -> None:
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    plain = [re.sub(r"\$(job_type|queue|instance)", ".*", query.replace("$__rate_interval", "5m")) for query in queries]
    assert not any("$" in query for query in plain)
    rules = [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(plain)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_each_alert_is_tested_and_has_its_place_in_the_page() -> None:
    names = [rule["alert"] for rule in alerts()]
    fired, quiet = set(), set()
    for test in yaml.safe_load(RULE_TESTS.read_text())["tests"]:
        for case in test["alert_rule_test"]:
            (fired if case["exp_alerts"] else quiet).add(case["alertname"])
    assert fired == set(names)
    assert quiet >= set(names) - {"BlazyJobsRestarts"}, "and not always"
    headings = re.findall(r"^### (\w+)$", MONITORING.read_text(), re.MULTILINE)
    assert headings == names, "in the order of the file"
    for rule in alerts():
        assert rule["annotations"]["runbook"] == f"docs/monitoring.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_dashboard_is_laid_out_without_overlaps() -> None:
    document = json.loads(DASHBOARD.read_text())
    taken: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])
    assert all(target["datasource"]["uid"] == "${datasource}" for panel in panels() for target in panel["targets"])
