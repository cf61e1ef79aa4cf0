"""Builds the image and does the main job in it, as it is meant to be run: not root, nothing writable but /data.

    python3 deploy/try_image.py [--no-build]

With docker or podman. Prints the image's size and the time until the server is ready, and ends with 1 at the first
thing that is not as it should be.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import image

JOBS = """
import asyncio
from blazy_jobs import JobContext, Jobs

jobs = Jobs()


@jobs.job
async def greet(payload: dict, ctx: JobContext) -> str:
    ctx.progress(50, "greeting")
    return f"hello {payload['name']}"


@jobs.job
async def slow(payload: dict, ctx: JobContext) -> str:
    ctx.progress(1, "begun")
    await asyncio.sleep(2)
    return "not cut off"


@jobs.job(isolation="process")
def look_around(payload: None, ctx: JobContext) -> dict:
    import os

    def writable(path: str) -> bool:
        try:
            with open(f"{path}/probe", "w"):
                os.unlink(f"{path}/probe")
        except OSError:
            return False
        return True

    places = ("/", "/opt/blazy-jobs", "/srv/handlers", "/usr/local", "/var/tmp", "/data")
    return {"uid": os.getuid(), "gid": os.getgid(), "writable": [path for path in places if writable(path)]}
"""


RUNNING: list[Container] = []


class Container:
    """One `run` in the foreground: its exit code is the container's, and signals go through."""

    def __init__(self, command: str, handlers: Path, volume: str) -> None:
        self.command = command
        self.name = f"blazy-jobs-try-{secrets.token_hex(4)}"
        self.key = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = handlers.parent / f"{self.name}.log"
        arguments = [
            *("--rm", "--name", self.name, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("-p", f"127.0.0.1:{self.port}:8000", "-v", f"{volume}:/data", "-v", f"{handlers}:/srv/handlers:ro"),
            *("-e", f"JOBS_API_KEY={self.key}", "-e", "JOBS_MODULES=try_jobs"),
        ]
        if command == "podman":
            arguments.append("--read-only-tmpfs=false")  # by default it mounts a tmpfs on /tmp, /var/tmp and /run
        RUNNING.append(self)
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([command, "run", *arguments, image.TAG], stdout=log, stderr=log)

    def wait_ready(self) -> float:
        """Seconds since the start."""
        while time.monotonic() - self.started < 60:
            if self.process.poll() is not None:
                break
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.01)
        raise SystemExit(f"not ready:\n{self.log.read_text()}")

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = self.connection()
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, json.loads(read) if read else None

    def dispatch(self, job: str, payload: Any) -> str:
        status, run = self.ask("POST", f"/v1/job-types/{job}/runs", {"payload": payload})
        expect("dispatch is accepted", status, 202)
        return str(run["id"])

    def events(self, run: str) -> Iterator[str]:
        """The types of its events, as they come on the stream."""
        connection = self.connection()
        connection.request("GET", f"/v1/runs/{run}/events", headers={"Authorization": f"Bearer {self.key}"})
        for line in connection.getresponse():
            if line.startswith(b"event: "):
                yield line[7:].decode().strip()

    def result(self, run: str) -> Any:
        return self.ask("GET", f"/v1/runs/{run}?wait_seconds=20")[1]

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"did not stop:\n{self.log.read_text()}") from None

    def end(self) -> None:
        """After a failure, too, nothing is left running."""
        if self.process.poll() is None:
            subprocess.run([self.command, "kill", self.name], capture_output=True, check=False)
            self.process.wait(60)


def expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise SystemExit(f"{what}: {seen!r}, not {wanted!r}")
    print(f"ok  {what}: {seen!r}" if not isinstance(seen, bool) else f"ok  {what}")


def without_a_key(command: str) -> None:
    ended = subprocess.run([command, "run", "--rm", image.TAG], capture_output=True, text=True, check=False)
    print(f"    {ended.stderr.strip()}")
    expect("without a key it ends with", ended.returncode, 1)
    expect("and names the setting", "JOBS_API_KEY" in ended.stderr, True)


def engines_share(command: str) -> float:
    """Seconds for a container that does nothing."""
    started = time.monotonic()
    subprocess.run([command, "run", "--rm", "--entrypoint", "true", image.TAG], check=True)
    return time.monotonic() - started


def main_job(container: Container) -> str:
    print(
        f"    ready after {container.wait_ready():.2f} s (an empty container: {engines_share(container.command):.2f} s)"
    )
    greeting = container.dispatch("greet", {"name": "Ada"})
    types = [kind for kind in container.events(greeting) if kind != "progress"]
    expect("its events arrive", types[:3], ["queued", "started", "completed"])
    expect("it has its result", container.result(greeting)["result"], "hello Ada")
    around = container.result(container.dispatch("look-around", None))["result"]
    expect("handlers run as", (around["uid"], around["gid"]), (10001, 10001))
    expect("writable is", around["writable"], ["/data"])
    check = re.search(r"^HEALTHCHECK.*\\\n\s*CMD (\[.*\])$", (image.ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert check is not None
    probe = subprocess.run([container.command, "exec", container.name, *json.loads(check[1])], check=False)
    expect("the health check says", probe.returncode, 0)
    listed = subprocess.run(
        [container.command, "exec", container.name, "blazy-jobs", "runs", "--json"], capture_output=True, check=False
    )
    expect("the command line in it sees the run", greeting.encode() in listed.stdout, True)
    slow = container.dispatch("slow", {})
    for kind in container.events(slow):
        if kind == "started":
            break
    expect("SIGTERM ends it with", container.stop(), 0)
    return slow


def main() -> None:
    command = image.engine()
    if command == "buildah":
        sys.exit("buildah builds the image (make image), but does not run containers; this needs docker or podman")
    if "--no-build" not in sys.argv:
        image.build(command, image.TAG)
    size = subprocess.run(
        [command, "image", "inspect", "--format", "{{.Size}}", image.TAG], capture_output=True, text=True, check=True
    )
    print(f"    {int(size.stdout) / 1e6:.0f} MB by {command}")
    volume = f"blazy-jobs-try-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        handlers = Path(folder, "handlers")
        handlers.mkdir()
        (handlers / "try_jobs.py").write_text(JOBS)
        Path(folder).chmod(0o755)
        try:
            without_a_key(command)
            slow = main_job(Container(command, handlers, volume))
            again = Container(command, handlers, volume)
            print(f"    ready again after {again.wait_ready():.2f} s")
            expect("what ran at SIGTERM was let finish", again.result(slow)["result"], "not cut off")
            expect("SIGTERM ends it with", again.stop(), 0)
        finally:
            for container in RUNNING:
                container.end()
            subprocess.run([command, "volume", "rm", "-f", volume], capture_output=True, check=False)


if __name__ == "__main__":
    main()
