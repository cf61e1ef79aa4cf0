"""What Redis refuses, told apart by what its versions say."""

from __future__ import annotations

import pytest
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
)

from blazy_jobs_server.queues.faults import fault_of

OLD_SCRIPT = "Error running script (call to f_7fe9): @user_script:517: @user_script: 517: "


@pytest.mark.parametrize(
    ("error", "key", "elsewhere"),
    [
        (ReadOnlyError("You can't write against a read only replica.", status_code="READONLY"), "READONLY", True),
        (ResponseError(OLD_SCRIPT + "-READONLY You can't write against a read only replica"), "READONLY", True),
        (ResponseError("UNBLOCKED force unblock from blocking operation, instance state changed"), "UNBLOCKED", True),
        (BusyLoadingError("Redis is loading the dataset in memory", status_code="LOADING"), "LOADING", True),
        (ResponseError("MASTERDOWN Link with MASTER is down"), "MASTERDOWN", True),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), "NOREPLICAS", True),
        (ConnectionError("Error 111 connecting to 127.0.0.1:1."), "unreachable", True),
        (TimeoutError("Timeout reading from socket"), "unreachable", True),
        (OSError("no route to host"), "unreachable", True),
        (NoPermissionError("this user has no permissions to run", status_code="NOPERM"), "NOPERM", False),
        (ResponseError(OLD_SCRIPT + "The user executing the script can't access some of the keys"), "NOPERM", False),
        (AuthenticationError("invalid username-password pair", status_code="WRONGPASS"), "WRONGPASS", False),
        (AuthenticationError("Authentication required.", status_code="NOAUTH"), "NOAUTH", False),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'.", status_code="OOM"), "OOM", False),
        (ResponseError(OLD_SCRIPT + "-OOM command not allowed when used memory > 'maxmemory'."), "OOM", False),
        (ResponseError("CROSSSLOT Keys in request don't hash to the same slot"), "CROSSSLOT", False),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), "WRONGTYPE", False),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), "MISCONF", False),
        (ResponseError("unknown command `EVALSHA`, with args beginning with: `secret`"), "UNKNOWN", False),
        (ResponseError(OLD_SCRIPT + "Unknown Redis command called from Lua script"), "UNKNOWN", False),
        (ConnectionError("max number of clients reached"), "CLIENTS", False),
    ],
)  # fmt: skip
def test_a_reason_has_a_word_and_what_to_do(error: Exception, key: str, elsewhere: bool) -> None:
    fault = fault_of(error)
    assert (fault.key, fault.elsewhere) == (key, elsewhere)
    assert key == "unreachable" or "(" in fault.text
    assert "user_script" not in fault.text
    assert "secret" not in fault.text


def test_a_command_that_a_pipeline_failed_with_is_not_repeated() -> None:
    """It holds payloads."""
    said = (
        'Command # 1 (EVALSHA 1e9b 5 bull:emails {"to": "me"}) of pipeline caused error: (\'OOM command not allowed\',)'
    )
    fault = fault_of(ResponseError(said))
    assert (fault.key, "me" in fault.text.split("(")[0], "EVALSHA" in fault.text) == ("OOM", False, False)


def test_the_same_unknown_trouble_keeps_its_word() -> None:
    first, second = (fault_of(ResponseError(f"some new trouble at line {n} of 0x{n:x}")) for n in (17, 4711))
    assert first.key == second.key
