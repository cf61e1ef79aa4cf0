"""Builds what a release consists of into dist/, and tries each piece in an empty environment.

    python deploy/dist.py [--no-check]

dist/ then holds both Python distributions (wheel and source), the npm package, `SHA256SUMS` and `RELEASE.md`, the text
of the release from the changelog. Building needs the `build` dependency group, and Node with npm; the check installs
the dependencies from the package registries.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
START_SECONDS = 60
JOBS = """\
from blazy_jobs import Jobs

jobs = Jobs()


@jobs.job
async def greet(payload: dict) -> dict:
    return {"text": "hello " + payload["name"]}


@jobs.job
def add(payload: dict) -> int:
    return payload["a"] + payload["b"]
"""
NODE = """\
import { Jobs } from 'blazy-jobs';
const jobs = new Jobs(process.argv[2]);
const run = await jobs.dispatch('greet', { name: 'Node' });
console.log((await run.result({ timeoutSeconds: 30 })).text);
"""


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """Its standard output. SystemExit names the command that failed, with what it said."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    for folder in (ROOT / "clients" / "python", ROOT):
        for target in ("sdist", "wheel"):
            run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", DIST, cwd=folder)
    run("npm", "pack", "--silent", "--pack-destination", DIST, cwd=ROOT / "clients" / "typescript")


def packages() -> list[Path]:
    return sorted(path for path in DIST.iterdir() if path.suffix in (".whl", ".gz", ".tgz"))


def describe() -> None:
    """`SHA256SUMS` (checked by `sha256sum -c`) and `RELEASE.md`."""
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in packages()]
    (DIST / "SHA256SUMS").write_text("".join(sums))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changes = (ROOT / "CHANGELOG.md").read_text()
    found = re.search(rf"^## {re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    if found is None:
        sys.exit(f"CHANGELOG.md says nothing of {version}")
    (DIST / "RELEASE.md").write_text(f"# Blazy Jobs {version}\n\n{found[1].strip()}\n")


def check() -> None:
    with tempfile.TemporaryDirectory(prefix="blazy-jobs-dist-") as folder:
        empty = Path(folder)
        check_sources(empty / "sources")
        server = check_server(empty / "server")
        check_client_alone(empty / "client")
        with served(server, empty / "served") as url:
            answer = dispatch(server, url, "greet", '{"name": "you"}')
            told("the command dispatches", answer == {"text": "hello you"}, str(answer))
            answer = dispatch(server, url, "add", '{"a": 1, "b": 2}')
            told("a sync handler runs in its slot", answer == 3, str(answer))
            check_npm(empty / "npm", url)


def told(what: str, holds: bool, why: str = "") -> None:
    print(f"  {'ok' if holds else 'FAILED'}  {what}")
    if not holds:
        sys.exit(why)


def environment(folder: Path) -> Path:
    """A new virtual environment; its bin folder."""
    run(sys.executable, "-m", "venv", folder)
    return folder / "bin"


def clean() -> dict[str, str]:
    """Without what would let Python or the command find the checkout."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("JOBS_", "PYTHON", "VIRTUAL_ENV"))
    }


def check_sources(folder: Path) -> None:
    """A wheel that is built from the source distribution has the same files as the one built from the checkout."""
    for source in DIST.glob("*.tar.gz"):
        at = folder / source.name
        shutil.unpack_archive(source, at)
        [project] = at.iterdir()
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", at / "built", cwd=project)
        [wheel] = (at / "built").glob("*.whl")
        same = set(zipfile.ZipFile(wheel).namelist()) == set(zipfile.ZipFile(DIST / wheel.name).namelist())
        told(f"{source.name} builds the same wheel", same)


def check_server(folder: Path) -> Path:
    bin_folder = environment(folder)
    run(bin_folder / "pip", "install", "-q", *DIST.glob("*.whl"), cwd=folder, env=clean())
    version = run(bin_folder / "blazy-jobs", "--version", cwd=folder, env=clean())
    told(f"both wheels install: {version.strip()}", "blazy-jobs" in version)
    found = run(
        bin_folder / "python",
        "-c",
        "import blazy_jobs_server as s, blazy_jobs as c; print(s.__file__, c.__file__)",
        cwd=folder,
        env=clean(),
    )
    told("what is imported is what was installed", found.count("site-packages") == 2, found)
    return bin_folder


def check_client_alone(folder: Path) -> None:
    bin_folder = environment(folder)
    run(bin_folder / "pip", "install", "-q", *DIST.glob("blazy_jobs-*.whl"), cwd=folder, env=clean())
    run(bin_folder / "blazy-jobs", "--help", cwd=folder, env=clean())
    refused = subprocess.run(
        [bin_folder / "blazy-jobs", "serve"], cwd=folder, env=clean(), capture_output=True, text=True, check=False
    )
    told(
        "without the server, `serve` says what to install",
        refused.returncode == 2 and "pip install blazy-jobs-server" in refused.stderr,
        refused.stderr,
    )


class served:
    """`blazy-jobs serve jobs.py` in a folder that holds nothing else; its URL."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin, self._folder = bin_folder, folder

    def __enter__(self) -> str:
        self._folder.mkdir()
        (self._folder / "jobs.py").write_text(JOBS)
        ready, tell_ready = os.pipe()
        command = [self._bin / "blazy-jobs", "serve", "jobs.py", "--port", "0", "--ready-fd", str(tell_ready)]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=clean(), pass_fds=[tell_ready], stdout=log, stderr=log
            )
        os.close(tell_ready)
        try:
            return self._served(ready)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _served(self, ready: int) -> str:
        with os.fdopen(ready) as reader:
            url = reader.readline().strip()  # ends with the process, if that ends first
        told("it serves", bool(url), (self._folder / "log").read_text())
        with urlopen(Request(f"{url}/readyz"), timeout=START_SECONDS) as answer:
            told("it is ready", answer.status == 200)
        return url

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        told("it stops in order", self._process.wait(60) == 0, (self._folder / "log").read_text())


def dispatch(bin_folder: Path, url: str, name: str, payload: str) -> object:
    answer = run(bin_folder / "blazy-jobs", "--url", url, "dispatch", name, payload, "--wait", "--json", env=clean())
    return json.loads(answer.splitlines()[-1])["result"]


def check_npm(folder: Path, url: str) -> None:
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "try.js").write_text(NODE)
    [package] = DIST.glob("*.tgz")
    run("npm", "install", "--silent", "--no-audit", "--no-fund", package, cwd=folder)
    answer = run("node", "try.js", url, cwd=folder)
    told("the npm package dispatches and waits", answer.strip() == "hello Node", answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--no-check", action="store_true", help="build only")
    options = parser.parse_args()
    started = time.monotonic()
    build()
    describe()
    if not options.no_check:
        check()
    for path in sorted(DIST.iterdir()):
        print(f"{path.stat().st_size:>10,}  {path.relative_to(ROOT)}")
    print(f"done in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
