from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from benchmarks.cost import Meter, of_processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/PID/task, which only Linux has")


def work(seconds: float) -> float:
    """On a processor, however busy the machine is; what this thread has used then."""
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass
    return time.thread_time() - began


def test_it_counts_what_is_used_from_its_start_on_and_by_all_threads() -> None:
    go, done, end = threading.Event(), threading.Event(), threading.Event()

    def other() -> None:
        go.wait()
        work(0.05)
        done.set()
        end.wait()

    thread = threading.Thread(target=other)
    thread.start()
    work(0.2)
    meter = Meter(of_processes("this", lambda: [os.getpid()]))
    work(0.05)
    go.set()
    done.wait()
    found, of_each = meter.seconds(), meter.microseconds(10)
    end.set()
    thread.join()
    assert found.keys() == {"this"}
    assert 0.09 < found["this"] < 0.29
    assert of_each["this"] >= found["this"] / 10 * 1e6


def test_waiting_costs_nothing_and_a_process_that_is_gone_is_no_error() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    meter = Meter(of_processes("gone", lambda: [pid]))
    assert meter.seconds() == {}
