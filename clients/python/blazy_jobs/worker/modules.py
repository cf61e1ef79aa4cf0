"""The user's job modules: found, imported, and what they declare. Only children of the worker import them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from blazy_jobs.context import Middleware
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs
from blazy_jobs.worker.shadows import shadowed_by


class CannotLoad(Exception):
    """A target that was imported, but holds no jobs that could be served."""


@dataclass
class Part:
    """What belongs to one app, and the names of the modules that it is from. `app` None: to the one that is served."""

    app: str | None
    modules: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)

    def declaration(self) -> dict[str, Any]:
        return {
            **({"queues": self.queues} if self.queues else {}),
            "app": self.app,
            "modules": sorted(set(self.modules)),
            "job_types": [job.definition() for job in self.jobs],
            "schedules": [
                schedule.definition(name, job.name) for job in self.jobs for name, schedule in job.schedules.items()
            ],
        }


@dataclass
class Loaded:
    """All targets together. A name of a job or a schedule is there once; defined by two modules it is an error."""

    parts: dict[str | None, Part] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    middlewares: dict[str, list[Middleware]] = field(default_factory=dict)

    def part(self, collection: Jobs, module: str) -> Part:
        """What the collection, found in this module, belongs to."""
        part = self.parts.setdefault(collection.app, Part(collection.app))
        part.modules.append(module)
        return part

    def take(self, part: Part, job: Job, collection: Jobs) -> None:
        """A job, with its middleware. Raises CannotLoad where a name of it is taken."""
        if job.name in self.jobs:
            raise CannotLoad(f"two modules define a job named {job.name!r}; the second is {part.modules[-1]!r}")
        for other in self.jobs.values():
            for name in other.schedules.keys() & job.schedules.keys():
                raise CannotLoad(f"the jobs {other.name!r} and {job.name!r} both have a schedule named {name!r}")
        part.jobs.append(job)
        self.jobs[job.name] = job
        self.middlewares[job.name] = collection.middlewares

    def describe(self) -> dict[str, Any]:
        """What the control process needs to know, as JSON."""
        return {
            "declares": [part.declaration() for part in self.parts.values()],
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
        for jobs in _collections(imported, attribute, target):
            if id(jobs) in seen:
                continue  # imported by two modules: the first one's
            seen.add(id(jobs))
            part = loaded.part(jobs, os.path.normpath(target))
            part.queues.extend(jobs.queues.values())
            for job in jobs:
                loaded.take(part, job, jobs)
    return loaded


def _import(name: str) -> ModuleType:
    if not name.endswith(".py"):
        _refuse_standard_name(name.partition(".")[0])
        return importlib.import_module(name)
    path = Path(name).resolve()
    if not path.is_file():
        raise CannotLoad(f"there is no file {name}")
    if (shadowed := shadowed_by(path)) is not None:
        raise CannotLoad(f"{name} has the name of {shadowed}, which it would shadow: rename the file")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(_free_name(path), path)
    if spec is None or spec.loader is None:
        raise CannotLoad(f"{name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _refuse_standard_name(name: str) -> None:
    """`serve calendar` with a calendar.py here: one of the two would get the other's place."""
    here = next((path for path in (Path(f"{name}.py"), Path(name, "__init__.py")) if path.is_file()), None)
    if name in sys.stdlib_module_names and here is not None:
        raise CannotLoad(f"{here} has the name of the module {name!r} of Python's standard library: rename it")


def _free_name(path: Path) -> str:
    """Two files of one name in two folders are two modules."""
    name = path.stem
    while name in sys.modules and getattr(sys.modules[name], "__file__", None) != str(path):
        name = f"{path.parent.name}_{name}"
    return name


def _collections(module: ModuleType, attribute: str, target: str) -> list[Jobs]:
    if attribute:
        jobs = getattr(module, attribute, None)
        if not isinstance(jobs, Jobs):
            raise CannotLoad(f"{target!r} is not the name of a Jobs object")
        return [jobs]
    found = [value for value in vars(module).values() if isinstance(value, Jobs)]
    if not found:
        raise CannotLoad(f"{target!r} has no Jobs object: make one with `jobs = Jobs()` and `@jobs.job`")
    return found
