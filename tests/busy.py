"""Runs the system tests several times beside busy loops, to find the tests that depend on timing.

    python -m tests.busy --times 10 [pytest arguments]

Prints a line for each turn, and at the end which tests failed, how often. Exit code 1 if any did.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--hogs", type=int, default=os.cpu_count() or 1, help="busy loops beside the tests")
    options, arguments = parser.parse_known_args()
    failed: collections.Counter[str] = collections.Counter()
    with ExitStack() as stack:
        for _ in range(options.hogs):
            stack.enter_context(busy_loop())
        for turn in range(1, options.times + 1):
            closing, names = run_tests(arguments)
            failed.update(names)
            print(f"{turn:>3}  {closing}", *names, sep="\n       ", flush=True)
    for name, times in failed.most_common():
        print(f"{times} of {options.times}: {name}")
    return 1 if failed else 0


@contextmanager
def busy_loop() -> Iterator[None]:
    """Ends with this process, too."""
    code = f"import os\nwhile os.getppid() == {os.getpid()}:\n    for _ in range(10**7): pass"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def run_tests(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """pytest's closing line with the load of the machine, and the tests that failed."""
    processes = str((os.cpu_count() or 1) + 1)
    command = [sys.executable, "-m", "pytest", "-q", "-m", "system", "-n", processes, "--dist", "worksteal"]
    started = time.monotonic()
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    names = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 1):
        names.append(f"pytest ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    lines = done.stdout.strip().splitlines() or ["no output"]
    return f"{lines[-1]} (load {os.getloadavg()[0]:.1f}, {time.monotonic() - started:.0f} s)", names


if __name__ == "__main__":
    sys.exit(main())
