"""Builds the container image with docker, podman or buildah: the first that is there and works (ENGINE names one).

python3 deploy/image.py [TAG]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGINES = ("docker", "podman", "buildah")
TAG = "blazy-jobs"


def engine() -> str:
    """Its command. A docker without its daemon is there, but does not work."""
    named = os.environ.get("ENGINE")
    for name in [named] if named else ENGINES:
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0:
            return name
    sys.exit(f"none of these works here: {named or ', '.join(ENGINES)}")


def build(command: str, tag: str) -> None:
    """`HEALTHCHECK` is no part of the OCI format, which podman and buildah would write."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    git = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"REVISION={git.stdout.strip()}", "-t", tag]
    if Path(command).name != "docker":
        arguments = ["--format", "docker", *arguments]
    subprocess.run([command, "build", *arguments, str(ROOT)], check=True)


if __name__ == "__main__":
    build(engine(), sys.argv[1] if len(sys.argv) > 1 else TAG)
