from __future__ import annotations

import json
from pathlib import Path

from benchmarks.table import Row, costs_markdown, keep, markdown, medians, not_measured

FAST = Row("drain", 300.0, "runs/s", 100.0, "theirs", 3.0, 2.0, costs={"drain, per run": {"loop": 10.0, "writer": 5.0}})
SLOW = Row("drain", 100.0, "runs/s", 100.0, "theirs", 1.0, 2.0, costs={"drain, per run": {"loop": 30.0, "writer": 5.0}})
MIDDLE = Row(
    "drain", 200.0, "runs/s", 50.0, "theirs", 4.0, 2.0, costs={"drain, per run": {"loop": 20.0, "writer": 5.0}}
)


def test_rounds_give_medians_and_the_ratio_is_that_of_the_rounds_own() -> None:
    [row] = medians([[FAST], [SLOW], [MIDDLE]])
    assert (row.value, row.baseline, row.ratio) == (200.0, 100.0, 3.0)
    assert row.spread == (1.0, 4.0)
    assert row.costs == {"drain, per run": {"loop": 20.0, "writer": 5.0}}
    assert row.reached == "yes"


def test_one_round_is_given_as_it_is() -> None:
    assert medians([[FAST, not_measured("beside others", "Node is not there")]]) == [
        FAST,
        not_measured("beside others", "Node is not there"),
    ]
    assert "range of the rounds" not in markdown([FAST])
    assert "1 to 4" in markdown(medians([[FAST], [SLOW], [MIDDLE]]))


def test_a_figure_that_some_rounds_could_not_measure_is_that_of_the_others() -> None:
    [row] = medians([[not_measured("drain", "npm failed")], [FAST], [SLOW]])
    assert (row.value, row.missing) == (200.0, "")


def test_what_was_not_measured_says_why_and_is_judged_by_nobody() -> None:
    row = not_measured("beside others", "Node is not there")
    assert "not measured: Node is not there" in markdown([row])
    assert row.reached == ""


def test_processor_time_is_a_table_by_activity_with_the_sum() -> None:
    theirs = Row("x", 1.0, "runs/s", costs={"their drain, per job": {"their worker": 40.0}})
    head, _, ours, others = costs_markdown([FAST, theirs]).splitlines()
    assert head == "| CPU time in µs | all | loop | writer | their worker |"
    assert ours == "| drain, per run | 15 | 10 | 5 |  |"
    assert others == "| their drain, per job | 40 |  |  | 40 |"
    assert costs_markdown([Row("x", 1.0, "runs/s", costs={"no account here": {}})]) == ""


def test_the_kept_file_has_each_round_and_the_medians(tmp_path: Path) -> None:
    keep(tmp_path / "figures.json", [[FAST], [SLOW]], "a machine")
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert [rows[0]["value"] for rows in kept["rounds"]] == [300.0, 100.0]
    assert kept["medians"][0]["value"] == 200.0
    assert kept["machine_before"] == "a machine"
