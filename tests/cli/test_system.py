"""The command line as a person has it: real processes, a real server, terminals and pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import SECONDS, command, environment, piped, terminal
from tests.support.programs import running
from tests.support.server import Server, serving
from tests.support.speed import stretched

pytestmark = pytest.mark.system

JOBS = "tests.cli.jobs"
PAYLOAD = '{"name": "Ada"}'
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
RUN_ID = re.compile(r"run_[0-9a-z]{13,32}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("cli") / "data", [JOBS]) as server:
        yield server


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def dispatched(server: Server, *words: str) -> dict[str, Any]:
    done = piped(server.url, "dispatch", *words)
    assert done.returncode == 0, done.stderr
    [run] = records(done.stdout)
    return run


def plain(text: str) -> str:
    return ESCAPES.sub("", text).replace("\r", "")


# -- in a pipe


def test_a_run_from_dispatch_to_its_result(server: Server) -> None:
    done = piped(server.url, "dispatch", "greet", PAYLOAD, "--tag", "first", "--wait")
    assert (done.returncode, done.stderr) == (0, "")
    [run] = records(done.stdout)
    assert (run["state"], run["result"], run["tags"]) == ("completed", {"text": "hello Ada"}, ["first"])

    watched = piped(server.url, "watch", run["id"])
    assert watched.returncode == 0
    types = [event["type"] for event in records(watched.stdout)]
    assert (types[:2], types[-1]) == (["queued", "started"], "completed")
    after = piped(server.url, "watch", run["id"], "--after", "2")
    assert records(after.stdout) == records(watched.stdout)[2:]
    assert piped(server.url, "watch", run["id"], "--after", str(len(types))).returncode == 0

    [shown] = records(piped(server.url, "run", run["id"]).stdout)
    assert ([attempt["outcome"] for attempt in shown["attempts"]], shown["events"][-1]["type"]) == (
        ["completed"],
        "completed",
    )
    [replayed] = records(piped(server.url, "replay", run["id"], "--wait").stdout)
    assert (replayed["replay_of"], replayed["state"]) == (run["id"], "completed")
    listed = records(piped(server.url, "runs", "--tag", "first", "--state", "completed").stdout)
    assert [item["id"] for item in listed] == [replayed["id"], run["id"]]
    assert len(records(piped(server.url, "runs", "--limit", "1").stdout)) == 1


def test_the_payload_comes_from_stdin_or_a_file(server: Server, tmp_path: Path) -> None:
    assert records(piped(server.url, "dispatch", "greet", "-", stdin=PAYLOAD).stdout)[0]["payload"] == {"name": "Ada"}
    (tmp_path / "payload.json").write_text(PAYLOAD)
    run = dispatched(server, "greet", f"@{tmp_path / 'payload.json'}")
    assert run["payload"] == {"name": "Ada"}


def test_watching_a_run_that_fails_ends_with_1(server: Server) -> None:
    done = piped(server.url, "dispatch", "refuse", "--watch")
    assert (done.returncode, records(done.stdout)[-1]["type"]) == (1, "failed")
    assert "failed: non_retryable: NonRetryable: not\\nthis \\x1b[2J" in done.stderr
    assert piped(server.url, "replay", records(done.stdout)[0]["run_id"], "--watch").returncode == 1


def test_a_cancelled_run_ends_with_1(server: Server) -> None:
    run = dispatched(server, "wait")
    with running(
        command("watch", run["id"]), env=environment(server.url), stdout=subprocess.PIPE, text=True
    ) as watching:
        while json.loads(watching.stdout.readline())["type"] != "progress":
            pass
        done = piped(server.url, "cancel", run["id"], "--reason", "changed my mind")
        assert (done.returncode, records(done.stdout)[0]["cancel_requested"]) == (0, True)
        last = records(watching.stdout.read())[-1]
        assert (last["type"], last["data"]["reason"]) == ("cancelled", "changed my mind")
        assert watching.wait(stretched(SECONDS)) == 1
    assert piped(server.url, "cancel", run["id"]).returncode == 0  # it is as was asked
    [finished] = records(piped(server.url, "dispatch", "greet", PAYLOAD, "--wait").stdout)
    too_late = piped(server.url, "cancel", finished["id"])
    assert (too_late.returncode, too_late.stderr.split(":")[1]) == (1, " run_finished")


def test_refusals_are_one_line_and_1(server: Server) -> None:
    unknown = piped(server.url, "dispatch", "no-such-job", "{}")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("blazy-jobs: job_type_not_found: ")
    bad = piped(server.url, "dispatch", "greet", '{"name": 5, "nome": "x"}')
    assert bad.returncode == 1
    assert bad.stderr.startswith("blazy-jobs: invalid_payload: ")
    assert "/payload/name: " in bad.stderr
    assert "nome" in bad.stderr
    assert bad.stderr.count("\n") == 1
    assert piped(server.url, "watch", "run_0000000000000").returncode == 1
    assert piped(server.url, "queues", "show", "no-such-queue").returncode == 1


def test_usage_is_2_and_no_server_is_3(server: Server) -> None:
    assert piped(server.url, "dispatch", "greet", "{nome: 1}").returncode == 2
    assert piped(server.url, "runs", "--state", "nowhere").returncode == 2
    gone = piped("http://127.0.0.1:1", "runs")
    assert (gone.returncode, gone.stdout, gone.stderr.count("\n")) == (3, "", 1)


def test_schedules_are_listed_shown_triggered_and_deleted(server: Server) -> None:
    body = {"name": "nightly", "job_type": "greet", "payload": json.loads(PAYLOAD)}
    body["trigger"] = {"kind": "cron", "expression": "0 3 * * *"}
    with server.client() as client:
        assert client.post("/v1/schedules", json=body).status_code == 201
    assert [item["name"] for item in records(piped(server.url, "schedules").stdout)] == ["nightly"]
    assert records(piped(server.url, "schedules", "show", "nightly").stdout)[0]["timezone"] == "UTC"
    assert len(records(piped(server.url, "schedules", "next", "nightly", "--count", "3").stdout)) == 3
    [run] = records(piped(server.url, "schedules", "trigger", "nightly").stdout)
    assert run["schedule"] == "nightly"
    assert piped(server.url, "watch", run["id"]).returncode == 0
    assert records(piped(server.url, "schedules", "pause", "nightly").stdout)[0]["next_fire_at"] is None
    assert not records(piped(server.url, "schedules", "resume", "nightly").stdout)[0]["paused"]
    assert records(piped(server.url, "schedules", "delete", "nightly").stdout) == [{"name": "nightly", "deleted": True}]
    gone = piped(server.url, "schedules", "show", "nightly")
    assert (gone.returncode, gone.stderr.split(":")[1]) == (1, " schedule_not_found")


def test_job_types_and_queues_are_listed_shown_paused_and_resumed(server: Server) -> None:
    assert {item["name"] for item in records(piped(server.url, "job-types").stdout)} >= {"greet", "refuse", "wait"}
    [shown] = records(piped(server.url, "job-types", "show", "greet").stdout)
    assert shown["payload_schema"]["required"] == ["name"]
    [paused] = records(piped(server.url, "job-types", "pause", "greet").stdout)
    assert paused["paused"]
    run = dispatched(server, "greet", PAYLOAD, "--queue", "letters")
    in_use = piped(server.url, "job-types", "retire", "greet")
    assert (in_use.returncode, in_use.stderr.split(":")[1]) == (1, " job_type_in_use")
    assert not records(piped(server.url, "job-types", "resume", "greet").stdout)[0]["paused"]
    assert piped(server.url, "watch", run["id"]).returncode == 0

    assert {item["name"] for item in records(piped(server.url, "queues").stdout)} >= {"default", "letters"}
    assert records(piped(server.url, "queues", "pause", "letters").stdout)[0]["paused"]
    assert not records(piped(server.url, "queues", "resume", "letters").stdout)[0]["paused"]
    assert records(piped(server.url, "queues", "show", "letters").stdout)[0]["counts"]["completed"] == 1


def test_a_job_type_without_runs_is_retired(server: Server) -> None:
    with server.client() as http:
        http.put("/v1/job-types/gone", json={"handler": {"kind": "worker"}}).raise_for_status()
    done = piped(server.url, "job-types", "retire", "gone")
    assert (done.returncode, records(done.stdout)) == (0, [{"name": "gone", "retired": True}])


def test_events_are_those_that_are_kept_or_those_to_come(server: Server) -> None:
    run = records(piped(server.url, "dispatch", "greet", PAYLOAD, "--tag", "kept", "--wait").stdout)[0]
    kept = records(piped(server.url, "events", "--tag", "kept", "--type", "completed").stdout)
    assert [event["run_id"] for event in kept] == [run["id"]]
    with running(
        command("events", "--follow", "--from-start", "--tag", "kept", "--type", "completed"),
        env=environment(server.url),
        stdout=subprocess.PIPE,
        text=True,
    ) as following:
        assert json.loads(following.stdout.readline())["run_id"] == run["id"]
        later = dispatched(server, "greet", PAYLOAD, "--tag", "kept")
        assert json.loads(following.stdout.readline())["run_id"] == later["id"]
        following.send_signal(signal.SIGINT)
        assert following.wait(stretched(SECONDS)) == 130


def test_ctrl_c_in_a_pipe_leaves_the_run_alone(server: Server) -> None:
    with running(
        command("dispatch", "wait", "--watch", "--url", server.url),
        env=environment(server.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        run_id = json.loads(watching.stdout.readline())["run_id"]
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=stretched(SECONDS))
    assert watching.returncode == 130
    assert f"blazy-jobs watch {run_id} --url {server.url}" in said
    assert records(piped(server.url, "run", run_id).stdout)[0]["state"] in ("queued", "running")
    piped(server.url, "cancel", run_id)


def test_a_closed_pipe_ends_it_without_a_word(server: Server) -> None:
    for words in (["events", "--from-start", "--follow"], ["job-types"], ["dispatch", "greet", PAYLOAD, "--wait"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            command(*words),
            env=environment(server.url),
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=stretched(SECONDS),
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (141, b"")


def test_a_watch_goes_on_over_a_restart_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path / "data", [JOBS]) as server:
        run = dispatched(server, "wait")
        with running(
            command("watch", run["id"]),
            env=environment(server.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as watching:
            while json.loads(watching.stdout.readline())["type"] != "progress":
                pass
            server.kill()
            assert "lost http://" in watching.stderr.readline()
            server.start()
            assert "again" in watching.stderr.readline()
            assert piped(server.url, "cancel", run["id"]).returncode == 0
            rest = records(watching.stdout.read())
            assert watching.wait(stretched(SECONDS)) == 1
    assert [event["type"] for event in rest if event["type"] == "cancelled"] == ["cancelled"]


# -- on a terminal


def test_a_terminal_gets_lines_a_bar_and_colours_and_nothing_raw(server: Server) -> None:
    with terminal(server.url, "dispatch", "greet", PAYLOAD, "--watch") as screen:
        assert screen.end() == 0
    assert COLOURS.search(screen.text)
    assert "━" in screen.text
    said = plain(screen.text)
    assert re.search(r"\d\.\d{3} s  completed +\{\"text\":\"hello Ada\"\}", said)
    assert "half \\x1b[31mway\\x9b2J" in said
    assert "a line \\x1b]0;title\\x07  to=Ada" in said
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") == 1  # the cursor is back
    assert "\x1b]" not in screen.text
    assert "\x9b" not in screen.text


def test_waiting_on_a_terminal_ends_with_the_result(server: Server) -> None:
    with terminal(server.url, "dispatch", "greet", PAYLOAD, "--wait") as screen:
        assert screen.end() == 0
    assert '"text": "hello Ada"' in plain(screen.text)
    with terminal(server.url, "dispatch", "refuse", "--wait") as screen:
        assert screen.end() == 1
    assert "non_retryable: NonRetryable: not\\nthis \\x1b[2J" in plain(screen.text)


def test_ctrl_c_on_a_terminal_says_how_to_return(server: Server) -> None:
    with terminal(server.url, "dispatch", "wait", "--watch") as screen:
        screen.read_until("waiting")
        screen.interrupt()
        assert screen.end() == 130
    found = RUN_ID.search(screen.text)
    assert found is not None
    assert f"blazy-jobs watch {found[0]}\n" in plain(screen.text)
    assert "Traceback" not in screen.text
    assert screen.text.count("\x1b[?25h") == 1
    assert records(piped(server.url, "run", found[0]).stdout)[0]["state"] == "running"
    assert records(piped(server.url, "cancel", found[0]).stdout)


def test_a_terminated_watch_gives_the_cursor_back(server: Server) -> None:
    with terminal(server.url, "dispatch", "wait", "--watch") as screen:
        screen.read_until("waiting")
        screen.process.terminate()
        assert screen.end() == 143
    assert screen.text.count("\x1b[?25h") == 1
    found = RUN_ID.search(screen.text)
    assert found is not None
    piped(server.url, "cancel", found[0])


@pytest.mark.parametrize(("words", "env"), [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})])
def test_colours_can_be_left_out(words: list[str], env: dict[str, str], server: Server) -> None:
    for command_words in (["dispatch", "greet", PAYLOAD, "--watch"], ["runs"], ["job-types"]):
        with terminal(server.url, *command_words, *words, env=env) as screen:
            assert screen.end() == 0
        assert not COLOURS.search(screen.text)
        if env.get("TERM") == "dumb":
            assert "\x1b" not in screen.text


def test_json_on_a_terminal_is_json_without_control_characters(server: Server) -> None:
    with terminal(server.url, "--json", "dispatch", "greet", PAYLOAD, "--watch") as screen:
        assert screen.end() == 0
    assert "\x1b" not in screen.text
    events = records(screen.text)
    assert [event["data"]["message"] for event in events if event["type"] == "progress"] == ["half \x1b[31mway\x9b2J"]


def test_tables_fit_the_terminal_and_keep_ids_whole(server: Server) -> None:
    run = records(piped(server.url, "dispatch", "refuse", "--wait").stdout)[0]
    for columns in (70, 160):
        with terminal(server.url, "runs", "--limit", "3", columns=columns) as screen:
            assert screen.end() == 0
        lines = plain(screen.text).splitlines()
        assert max(len(line) for line in lines) <= columns
        assert any(line.startswith(run["id"]) and "failed" in line for line in lines)
        assert "now" in screen.text or "ago" in screen.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dispatch", "greet", PAYLOAD], "blazy-jobs watch run_"),
        (["job-types"], "Greets somebody."),
        (["job-types", "show", "greet"], "payload_schema"),
        (["queues"], "COMPLETED"),
        (["queues", "show", "default"], "counts"),
        (["events", "--type", "completed"], "hello Ada"),
        (["runs", "--tag", "nobody-has-it"], "No such runs."),
        (["runs", "--limit", "1"], "There are more"),
    ],
)
def test_each_list_has_a_form_for_people(words: list[str], said: str, server: Server) -> None:
    for _ in range(2):
        piped(server.url, "dispatch", "greet", PAYLOAD, "--wait")
    with terminal(server.url, *words) as screen:
        assert screen.end() == 0
    assert said in plain(screen.text)


def test_a_run_is_shown_to_people(server: Server) -> None:
    run = records(piped(server.url, "dispatch", "refuse", "5", "--metadata", "k=v", "--wait").stdout)[0]
    with terminal(server.url, "run", run["id"]) as screen:
        assert screen.end() == 0
    said = plain(screen.text)
    for part in ("payload", "k=v", "attempts", "non_retryable", "events", "started", "in refuse"):
        assert part in said


# -- how it starts


def test_it_starts_without_what_it_does_not_need(server: Server) -> None:
    heavy = (
        "blazy_jobs_server",
        "fastapi",
        "pydantic",
        "rich",
        "pygments",
        "blazy_jobs._generated",
        "blazy_jobs.worker",
        "asyncpg",
    )
    for words, more in ((["--help"], ("httpx",)), (["dispatch", "greet", PAYLOAD], ())):
        code = f"import sys; sys.argv = {['blazy-jobs', *words]!r}\nfrom blazy_jobs.cli import main\n" + (
            "try: main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(server.url),
            capture_output=True,
            text=True,
            timeout=stretched(SECONDS),
        )
        loaded = set(done.stderr.split())
        assert not loaded & {*heavy, *more}


def test_the_console_script_and_the_module_are_the_same(server: Server) -> None:
    script = Path(sys.executable).with_name("blazy-jobs")
    done = subprocess.run([script, "--help"], capture_output=True, text=True, timeout=stretched(SECONDS))
    assert (done.returncode, done.stdout) == (0, piped(server.url, "--help").stdout)


def test_the_servers_commands_are_there(server: Server) -> None:
    assert "--ready-fd" in piped(server.url, "serve", "--help").stdout
    assert json.loads(piped(server.url, "openapi").stdout)["openapi"].startswith("3.1")
    absent = piped(server.url, "keys", "list", "--whatever")
    assert (absent.returncode, absent.stdout) == (2, "")
    assert piped(server.url, "--url", server.url, "worker", "no_such_module_of_jobs").returncode == 3
