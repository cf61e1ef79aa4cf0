"""The command `blazy-jobs`: its parts are loaded when they are needed, so that it starts quickly."""

from blazy_jobs.cli.app import main, worker

__all__ = ["main", "worker"]
