"""The user's job modules: found, imported, and what they declare. Only children of the worker import them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from blazy_jobs.context import Middleware
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs


class CannotLoad(Exception):
    """A target that was imported, but holds no jobs that could be served."""


@dataclass
class Module:
    """One target: `app` is the module's name or the file's stem, `declared_at` when its file last changed."""

    app: str
    declared_at: str
    jobs: list[Job] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)

    def declaration(self) -> dict[str, Any]:
        return {
            **({"queues": self.queues} if self.queues else {}),
            "app": self.app,
            "declared_at": self.declared_at,
            "job_types": [job.definition() for job in self.jobs],
            "schedules": [
                schedule.definition(name, job.name) for job in self.jobs for name, schedule in job.schedules.items()
            ],
        }


@dataclass
class Loaded:
    """All targets together. A name of a job or a schedule is there once; defined by two modules it is an error."""

    modules: list[Module] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    middlewares: dict[str, list[Middleware]] = field(default_factory=dict)

    def take(self, module: Module, job: Job, collection: Jobs) -> None:
        """A module's job, with its middleware. Raises CannotLoad where a name of it is taken."""
        if job.name in self.jobs:
            raise CannotLoad(f"two modules define a job named {job.name!r}; the second is {module.app!r}")
        for other in self.jobs.values():
            for name in other.schedules.keys() & job.schedules.keys():
                raise CannotLoad(f"the jobs {other.name!r} and {job.name!r} both have a schedule named {name!r}")
        module.jobs.append(job)
        self.jobs[job.name] = job
        self.middlewares[job.name] = collection.middlewares

    def describe(self) -> dict[str, Any]:
        """What the control process needs to know, as JSON."""
        return {
            "modules": [module.declaration() for module in self.modules],
            "jobs": {
                name: {"isolation": job.isolation, "middleware": bool(self.middlewares[name])}
                for name, job in self.jobs.items()
            },
        }


def load(targets: Sequence[str]) -> Loaded:
    """Imports `MODULE[:attribute]` and `FILE.py[:attribute]`. Raises CannotLoad, and whatever an import raises."""
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    loaded = Loaded()
    seen: set[int] = set()
    for target in targets:
        name, _, attribute = target.partition(":")
        imported = _import(name)
        module = Module(_app(name), _changed_at(imported))
        for jobs in _collections(imported, attribute, target):
            if id(jobs) in seen:
                continue  # imported by two modules: the first one's
            seen.add(id(jobs))
            module.queues.extend(jobs.queues.values())
            for job in jobs:
                loaded.take(module, job, jobs)
        loaded.modules.append(module)
    return loaded


def _app(name: str) -> str:
    return Path(name).stem if name.endswith(".py") else name


def _import(name: str) -> ModuleType:
    if not name.endswith(".py"):
        return importlib.import_module(name)
    path = Path(name).resolve()
    if not path.is_file():
        raise CannotLoad(f"there is no file {name}")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise CannotLoad(f"{name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _collections(module: ModuleType, attribute: str, target: str) -> list[Jobs]:
    if attribute:
        jobs = getattr(module, attribute, None)
        if not isinstance(jobs, Jobs):
            raise CannotLoad(f"{target!r} names no Jobs object")
        return [jobs]
    found = [value for value in vars(module).values() if isinstance(value, Jobs)]
    if not found:
        raise CannotLoad(f"{target!r} has no Jobs object: make one with `jobs = Jobs()` and `@jobs.job`")
    return found


def _changed_at(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    seconds = os.stat(file).st_mtime if file and os.path.exists(file) else 0.0
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
