"""Makes the dashboard's vendored files from the packages that package-lock.json names. Needs Node and npm.

`python dashboard/vendor.py` writes them in place; with `--check` it makes them elsewhere and fails where they
differ, or says that there is no Node and is content.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENDOR = ROOT / "app" / "blazy_jobs_server" / "api" / "static" / "ui" / "vendor"
TESTS = ROOT / "tests" / "browser" / "vendor"
MODULES = HERE / "node_modules"
BUNDLES = {
    "preact.js": ("preact", "@preact/signals", "@preact/signals-core", "htm"),
    "uplot.js": ("uplot",),
}
"""Each file with the packages that are in it."""
ESBUILD = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none", "--log-level=warning")

sys.path.insert(0, str(ROOT / "clients"))
from node_packages import NotInstalled, install, node_is_there  # noqa: E402


def version_of(package: str) -> str:
    return str(json.loads((MODULES / package / "package.json").read_text())["version"])


def banner(packages: tuple[str, ...]) -> str:
    named = ", ".join(f"{package} {version_of(package)}" for package in packages)
    return f"/*! {named}; licences in LICENSES.txt; made by dashboard/vendor.py */"


def licences() -> str:
    packages = sorted({package for named in BUNDLES.values() for package in named})
    parts = []
    for package in packages:
        text = (MODULES / package / "LICENSE").read_text().replace("\r\n", "\n").strip()
        parts.append(f"{package} {version_of(package)}\n\n{text}\n")
    return ("\n" + "-" * 80 + "\n\n").join(parts)


def make(target: Path) -> None:
    for name, packages in BUNDLES.items():
        command = (str(MODULES / ".bin" / "esbuild"), f"entries/{name}", *ESBUILD, f"--banner:js={banner(packages)}")
        done = subprocess.run(command, cwd=HERE, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr.decode(errors="replace"))
        (target / name).write_bytes(done.stdout)
    style = (MODULES / "uplot" / "dist" / "uPlot.min.css").read_bytes().rstrip() + b"\n"
    (target / "uplot.css").write_bytes(banner(("uplot",)).encode() + b"\n" + style)
    (target / "LICENSES.txt").write_text(licences())
    for types in (HERE / "types").glob("*.d.ts"):
        (target / types.name).write_bytes(types.read_bytes())


def make_for_tests(target: Path) -> None:
    """What only tests load into a page."""
    for name, taken in (("axe.min.js", "axe.min.js"), ("LICENSE.txt", "LICENSE")):
        (target / name).write_bytes((MODULES / "axe-core" / taken).read_bytes())


FOLDERS = ((VENDOR, make), (TESTS, make_for_tests))


def differences(made: Path, kept: Path) -> list[str]:
    names = {path.name for folder in (made, kept) for path in folder.iterdir()}
    return sorted(name for name in names if _bytes(made / name) != _bytes(kept / name))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the committed files differ")
    only_check = parser.parse_args().check
    if not node_is_there():
        sys.stderr.write("Node and npm are not installed: the dashboard's vendored files are left as they are\n")
        return 0 if only_check else 1
    try:
        install(HERE)
    except NotInstalled as error:
        sys.exit(str(error))
    changed: list[str] = []
    for kept, making in FOLDERS:
        if not only_check:
            kept.mkdir(parents=True, exist_ok=True)
            making(kept)
            continue
        with tempfile.TemporaryDirectory() as folder:
            making(Path(folder))
            changed += differences(Path(folder), kept)
    if changed:
        sys.stderr.write(f"not what dashboard/package-lock.json makes: {changed}: run 'python dashboard/vendor.py'\n")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
