"""Builds the docs as a site that works from a folder, without the network: the pages, and a reference of both clients.

    python docs/site/build.py

Lays the pages out in build/site/pages as they lie in the checkout, writes build/site/html, and ends with 1 where a link
leads nowhere or something is loaded from elsewhere. The TypeScript reference and the drawn diagrams need Node and npm.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "clients"))

from node_packages import install, node_is_there  # noqa: E402

PAGES = ROOT / "build" / "site" / "pages"
SITE = ROOT / "build" / "site" / "html"
TYPESCRIPT = "TypeScript: clients/typescript/README.md"
NAVIGATION = (
    ("Home", ["README.md"]),
    ("Begin", ["docs/installing.md", "docs/from-celery.md", "docs/from-bullmq.md"]),
    (
        "Jobs",
        [
            f"docs/{page}.md"
            for page in (
                "writing-jobs",
                "testing-jobs",
                "schedules",
                "queues",
                "flow-control",
                "workers",
                "http-handlers",
                "webhooks",
            )
        ],
    ),
    ("Clients", ["docs/http.md", "docs/command-line.md", "Python: clients/python/README.md", TYPESCRIPT]),
    (
        "Operate",
        [
            "docs/errors.md",
            "docs/operating.md",
            "docs/dashboard.md",
            "docs/monitoring.md",
            "docs/deploying.md",
            "docs/security.md",
            "docs/scaling.md",
            "docs/benchmarks.md",
            "SECURITY.md",
        ],
    ),
    ("Inside", ["docs/architecture.md", "docs/state-machine.md", "CONTRIBUTING.md", "CHANGELOG.md"]),
)
LINK = re.compile(r"!?\[(?P<text>[^\]]*)\]\((?P<to>[^)\s]+)\)")


def main() -> None:
    shutil.rmtree(PAGES.parent, ignore_errors=True)
    files = committed()
    for page in [path for path in files if path.suffix == ".md" and HERE not in path.parents]:
        lay_out(page)
    reference = [("Python", "reference/python.md")]
    (PAGES / "reference").mkdir()
    shutil.copy(HERE / "python.md", PAGES / "reference" / "python.md")
    with_node = install_node_packages()
    if with_node:
        write_typescript_reference()
        reference.append(("TypeScript", "reference/typescript/README.md"))
        shutil.copy(HERE / "node_modules" / "mermaid" / "dist" / "mermaid.min.js", PAGES / "mermaid.min.js")
    config = write_config(reference, with_node)
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    built = subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q", "-f", config], cwd=HERE, env=environment)
    if built.returncode != 0:
        sys.exit(built.returncode)
    (SITE / "404.html").unlink()  # a web server's own; its links begin at the root
    keep_search_at_home(with_node)
    if faults := sorted(set(look(SITE))):
        sys.exit("\n".join(faults))
    print(f"{sum(1 for _ in SITE.rglob('*.html'))} pages: {SITE / 'index.html'}")


def committed() -> list[Path]:
    """What belongs to the checkout, also what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def lay_out(page: Path) -> None:
    """The page, and what it links to that is no page."""
    there = PAGES / page.relative_to(ROOT)
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text(LINK.sub(lambda link: _link(page, link), page.read_text()))


def _link(page: Path, link: re.Match[str]) -> str:
    parts = urlsplit(link["to"])
    if parts.scheme or parts.netloc or not parts.path:
        return link[0]
    target = (page.parent / unquote(parts.path)).resolve()
    if target.is_dir() and target.is_relative_to(ROOT):
        _list_folder(target)
        return f"[{link['text']}]({parts.path.rstrip('/')}/README.md)"
    if target.is_file() and target.suffix != ".md":
        copy = PAGES / target.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, copy)
    return link[0]


def _list_folder(folder: Path) -> None:
    """A page for a folder that a page links to and that has none of its own."""
    page = PAGES / folder.relative_to(ROOT) / "README.md"
    if (folder / "README.md").exists() or page.exists():
        return
    page.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"# {folder.relative_to(ROOT)}", ""]
    for file in sorted(path for path in committed() if path.parent == folder and path.name != "__init__.py"):
        title = re.search(r"^# (.+)$", file.read_text(), re.MULTILINE) if file.suffix == ".md" else None
        lines.append(f"- [{title[1] if title else file.name}]({file.name})")
        if file.suffix != ".md":
            shutil.copy(file, page.parent / file.name)
    page.write_text("\n".join(lines) + "\n")


def install_node_packages() -> bool:
    if not node_is_there():
        print("without Node and npm the TypeScript reference is left out, and diagrams stay text", file=sys.stderr)
        return False
    for folder in (HERE, ROOT / "clients" / "typescript"):
        install(folder)
    return True


def write_typescript_reference() -> None:
    client = ROOT / "clients" / "typescript"
    plugin = HERE / "node_modules" / "typedoc-plugin-markdown" / "dist" / "index.js"
    command = [
        *(HERE / "node_modules" / ".bin" / "typedoc", "--plugin", plugin),
        *("--tsconfig", client / "tsconfig.json", "--out", PAGES / "reference" / "typescript"),
        *("--name", "TypeScript reference", "--readme", "none"),
        *("--hidePageHeader", "true", "--hideBreadcrumbs", "true"),
        *("--excludePrivate", "--excludeInternal", "--disableSources", "--logLevel", "Error"),
        *(client / "src" / "index.ts", client / "src" / "receiving" / "index.ts"),
    ]  # fmt: skip
    subprocess.run(command, cwd=client, check=True)


def keep_search_at_home(with_node: bool) -> None:
    """The theme takes what searching needs in pages of a folder (`file://`) from a CDN; it comes along instead."""
    if with_node:
        shutil.copy(HERE / "node_modules" / "iframe-worker" / "shim" / "index.js", SITE / "iframe-worker.js")
    for page in SITE.rglob("*.html"):
        here = os.path.relpath(SITE / "iframe-worker.js", page.parent)
        script = f'<script src="{here}"></script>' if with_node else ""
        page.write_text(
            re.sub(r'<script src="?https://unpkg\.com/iframe-worker/shim"?></script>', script, page.read_text())
        )


def write_config(reference: list[tuple[str, str]], with_node: bool) -> Path:
    lines = [(HERE / "mkdocs.yml").read_text().replace("../../", f"{ROOT}/"), "nav:"]
    for section, pages in NAVIGATION:
        lines.append(f"  - {section}:" if len(pages) > 1 else f"  - {section}: {pages[0]}")
        lines += [f"      - {page}" for page in pages if len(pages) > 1]
    lines.append("  - Reference:")
    lines += [f"      - {name}: {page}" for name, page in reference]
    if with_node:
        lines.append("extra_javascript: [mermaid.min.js]")
    config = PAGES.parent / "mkdocs.yml"
    config.write_text("\n".join(lines) + "\n")
    return config


class _References(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = {name: value or "" for name, value in attributes}
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.loads.append(given.get("href", ""))
        elif "src" in given:
            self.loads.append(given["src"])


def look(site: Path) -> Iterator[str]:
    """The faults: links that lead nowhere, and what would be loaded from elsewhere."""
    pages = {page: _References(page.read_text()) for page in site.rglob("*.html")}
    for page, found in pages.items():
        name = page.relative_to(site)
        for reference in [*found.links, *found.loads]:
            parts = urlsplit(reference)
            if parts.scheme or parts.netloc:
                if reference in found.loads and parts.scheme != "data":
                    yield f"{name} loads {reference} from elsewhere"
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield f"{name} links to {reference}, which is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name} links to {reference}: there is no such place in the page"


if __name__ == "__main__":
    main()
