"""One release has one version, wherever it is written."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from blazy_jobs_server.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def project(path: str) -> str:
    return str(tomllib.loads((ROOT / path).read_text())["project"]["version"])


def test_every_place_has_the_same_version() -> None:
    package = json.loads((ROOT / "clients/typescript/package.json").read_text())
    lock = json.loads((ROOT / "clients/typescript/package-lock.json").read_text())
    written = {
        "pyproject.toml": project("pyproject.toml"),
        "clients/python/pyproject.toml": project("clients/python/pyproject.toml"),
        "clients/typescript/package.json": package["version"],
        "clients/typescript/package-lock.json": lock["packages"][""]["version"],
        "openapi.json": json.loads((ROOT / "openapi.json").read_text())["info"]["version"],
        "the newest entry of the changelog": re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[0],
        "what is installed": version("blazy-jobs-server"),
    }
    assert written == dict.fromkeys(written, VERSION)
