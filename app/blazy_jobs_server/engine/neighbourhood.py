"""What other servers on the same database change, made known here: to streams, claims, definitions and timers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.ports import Elsewhere, Neighbours

if TYPE_CHECKING:
    from blazy_jobs_server.engine.jobs import Jobs


class Neighbourhood:
    """Does nothing where this server has the database for itself."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._tasks = Tasks()
        self._wake = asyncio.Event()
        self._all = False
        self._definitions = False

    def start(self) -> None:
        neighbours = self._jobs.store.neighbours
        if neighbours is None:
            return
        neighbours.on_elsewhere = self._on_elsewhere
        neighbours.on_feed = self._jobs.feed.publish_feed
        neighbours.on_feed_torn = self._jobs.feed.tear_feed
        self._tasks.keep("look at other servers", lambda: self._look(neighbours))

    async def stop(self) -> None:
        await self._tasks.stop()

    def _on_elsewhere(self, news: Elsewhere) -> None:
        jobs = self._jobs
        if news.runs is None:
            self._all = True
        elif news.runs:
            jobs.feed.look_again(news.runs & jobs.feed.followed())
        if news.ready:
            jobs.leasing.look_again()
        for worker_id in news.cancelling:
            jobs.leasing.nudge(worker_id)
        if news.due_at is not None:
            jobs.sweeper.look_again(news.due_at)
        if news.fire_at is not None:
            jobs.scheduler.look_again(news.fire_at)
        if news.departed:
            jobs.projection.compare()
        self._definitions = self._definitions or news.definitions
        if self._all or self._definitions:
            self._wake.set()

    async def _look(self, neighbours: Neighbours) -> None:
        """What takes a look into the store. After one that failed, everything is looked at again."""
        self._all = True
        while True:
            if self._definitions or self._all:
                self._definitions = False
                await self._jobs.catalogue.fresh()
                await self._jobs.leasing.meet_others()
            if self._all:
                self._all = False
                self._jobs.sweeper.look_again(self._jobs.clock.now())
                await self._jobs.numbers.load()
                followed = self._jobs.feed.followed()
                if followed:
                    self._jobs.feed.look_again_at(await neighbours.standing(list(followed)), followed)
            await self._wake.wait()
            self._wake.clear()
