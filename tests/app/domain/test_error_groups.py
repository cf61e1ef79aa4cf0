"""Which failures are the same problem."""

from __future__ import annotations

import itertools

import pytest

from blazy_jobs_server.domain import error_groups
from blazy_jobs_server.domain.error_groups import GROUP, bare, group_of, own_frames
from blazy_jobs_server.domain.run import Error

PYTHON = """\
  File "/srv/releases/{release}/jobs/mail.py", line {line}, in send
    smtp(payload)
  File "/srv/releases/{release}/jobs/smtp.py", line 99, in deliver
    requests.post(url)
  File "/srv/.venv/lib/python3.11/site-packages/requests/api.py", line {line}, in post
    raise ConnectionError
"""
JAVASCRIPT = """\
Error: no answer
    at sendMail (/srv/app/src/mail.ts:12:5)
    at async Worker.run (file:///srv/app/src/worker.js:3:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at post (/srv/app/node_modules/undici/index.js:1:1)
"""


def failed(message: str = "boom", traceback: str | None = None, **fields: str) -> Error:
    return Error(fields.get("code", "handler_error"), message, fields.get("type", "ValueError"), traceback)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("user 42 not found", "user 1000007 not found"),
        ("user 'bob' not found", 'user "al ice" not found'),
        ("user 42 not found", "user 'bob' not found"),
        ("key 'it\\'s' is there", "key 'x' is there"),
        ("no “bob”", "no “al ice”"),
        ("no \u2018bob\u2019", "no \u2018al ice\u2019"),
        ("„Müller“ fehlt", "„Schmidt“ fehlt"),
        ("「あ」がない", "『いう』がない"),
        ("Not started by 2026-11-28T10:00:00.123Z.", "Not started by 2027-01-01T00:00:00Z."),
        ("missing ids 1, 2, 3", "missing ids 7"),
        ("took 5.25 s", "took -3e10 s"),
        ("run_06p1ab2c is gone", "run_7zz0000q is gone"),
        ("no 550e8400-e29b-41d4-a716-446655440000", "no 6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ("bad digest deadbeef", "bad digest cafebabe"),
        ("<Task object at 0x7f00aa10>", "<Task object at 0x1>"),
        ("cannot open /tmp/a/b.txt: denied", "cannot open ./x: denied"),
        ("cannot open C:\\\\a\\b.txt: denied", "cannot open ~/x: denied"),
        ("GET https://x.example/a?b=1 failed", "GET http://127.0.0.1:80/ failed"),
        ("mail to bob@example.com bounced", "mail to al.ice+1@example.org bounced"),
        ("订单123已关闭", "订单4已关闭"),
        ("a  b\n c", "a b c"),
        ("unclosed 'abc", "unclosed 'd e f"),
    ],
)
def test_what_differs_from_run_to_run_does_not_count(one: str, another: str) -> None:
    assert group_of(failed(one)) == group_of(failed(another))


def test_everything_else_does() -> None:
    errors = [
        failed(),
        failed("bang"),
        failed(code="timeout"),
        failed(type="KeyError"),
        failed(traceback=PYTHON.format(release=1, line=2)),
        failed(traceback=JAVASCRIPT),
        failed("用户不存在"),
        failed("用户已关闭"),
        failed("can't open the user's file"),
        failed("„Müller“ fehlt"),
        failed("„Müller“ ist gesperrt"),
        failed("and/or"),
    ]
    for one, another in itertools.combinations(errors, 2):
        assert group_of(one) != group_of(another), (one, another)


def test_answers_of_http_handlers_differ_by_their_status() -> None:
    answers = {group_of(Error("http_status", f"The handler answered HTTP {n}.", status=n)) for n in (404, 500, 500)}
    assert len(answers) == 2


def test_a_group_is_64_bits_and_the_same_everywhere_and_for_ever() -> None:
    group = group_of(failed("user 42 not found", PYTHON.format(release=1, line=2)))
    assert GROUP.fullmatch(group)
    assert group == "5d401b9c9dccfca9", "groups that are stored would fall apart"


def test_another_release_folder_or_line_keeps_the_group() -> None:
    one = failed(traceback=PYTHON.format(release="2026-11-28", line=12))
    another = failed(traceback=PYTHON.format(release="current", line=90))
    assert group_of(one) == group_of(another)


def test_only_the_jobs_own_files_count_the_innermost_first() -> None:
    assert own_frames(PYTHON.format(release=1, line=2)) == ("smtp.py deliver", "mail.py send")
    assert own_frames(JAVASCRIPT) == ("mail.ts sendMail", "worker.js Worker.run")
    assert own_frames("") == own_frames("no traceback at all") == ()
    assert own_frames(r"""  File "C:\app\jobs.py", line 1, in <lambda>""") == ("jobs.py <lambda>",)


def test_the_depth_of_a_recursion_does_not_count() -> None:
    frame = '  File "/srv/tree.py", line 3, in walk\n    walk(child)\n'
    assert own_frames(frame * 3) == own_frames(frame * 50) == ("tree.py walk",)


def test_the_error_itself_counts_and_not_what_led_to_it() -> None:
    inner = '  File "/srv/a.py", line 1, in inner\n'
    outer = '  File "/srv/b.py", line 1, in outer\n'
    said_by_the_client = f"{outer}caused by KeyError: 7\n{inner}"
    said_by_the_interpreter = (
        f"Traceback (most recent call last):\n{inner}KeyError: 7\n\n"
        f"During handling of the above exception, another exception occurred:\n\n"
        f"Traceback (most recent call last):\n{outer}ValueError: boom\n"
    )
    assert own_frames(said_by_the_client) == own_frames(said_by_the_interpreter) == ("b.py outer",)


def test_quotes_that_are_not_closed_are_looked_at_once() -> None:
    """As below: of a text as long as this one, what is quadratic takes minutes."""
    for quote in ("'\\", '"\\', "\u2018", "„", "“", "«", "「", "『"):
        assert error_groups._QUOTED.sub("#", quote * 100_000) == "#"


@pytest.mark.parametrize("piece", ["'a ", "a", "a@", "/", "1-", "a:", '\\"', " ", "-", "#, ", "\n", "at a ", 'File "'])
def test_hostile_texts_are_looked_at_once(piece: str) -> None:
    """Within the time that any test has: what is quadratic in 32 KiB of newlines takes twenty seconds."""
    for _ in range(20):
        text = piece * (32_768 // len(piece))
        assert len(bare(text + "x")) <= 256
        assert len(own_frames(text + ":1")) <= 3
