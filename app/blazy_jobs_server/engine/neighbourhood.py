"""What other servers on the same database change, made known here: to streams, claims, definitions and timers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.feed import Feed
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.engine.live import Live
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.engine.projection import Projection
from blazy_jobs_server.engine.scheduler import Scheduler
from blazy_jobs_server.engine.sweeper import Sweeper
from blazy_jobs_server.ports import Clock, Elsewhere, Neighbours, Store


class Neighbourhood:
    """Does nothing where this server has the database for itself."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        catalogue: Catalogue,
        feed: Feed,
        leasing: Leasing,
        live: Live,
        numbers: Numbers,
        projection: Projection,
        scheduler: Scheduler,
        sweeper: Sweeper,
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._feed = feed
        self._leasing = leasing
        self._live = live
        self._numbers = numbers
        self._projection = projection
        self._scheduler = scheduler
        self._sweeper = sweeper
        self._tasks = Tasks()
        self._wake = asyncio.Event()
        self._all = False
        self._definitions = False
        self._revision: int | None = None
        self.on_elsewhere: Callable[[Elsewhere], None] = lambda news: None
        """Who else is told what others have changed."""
        self.also: list[Callable[[], Awaitable[None]]] = []
        """What else is to be looked at where definitions have changed."""

    def start(self) -> None:
        neighbours = self._store.neighbours
        if neighbours is None:
            return
        neighbours.on_elsewhere = self._on_elsewhere
        neighbours.on_feed = self._feed.publish_feed
        neighbours.on_feed_torn = self._feed.tear_feed
        self._tasks.keep("look at other servers", lambda: self._look(neighbours))

    async def stop(self) -> None:
        await self._tasks.stop()

    def _on_elsewhere(self, news: Elsewhere) -> None:
        if news.runs is None:
            self._all = True
        elif news.runs:
            self._feed.look_again(news.runs & self._feed.followed())
        if news.ready:
            self._leasing.claims.look_again()
        for worker_id in news.cancelling:
            self._leasing.claims.nudge(worker_id)
        if news.due_at is not None:
            self._sweeper.look_again(news.due_at)
        if news.fire_at is not None:
            self._scheduler.look_again(news.fire_at)
        if news.departed:
            self._projection.compare()
        self._definitions = self._definitions or news.definitions
        self._live.on_elsewhere(news)
        self.on_elsewhere(news)
        if self._all or self._definitions:
            self._wake.set()

    async def _look(self, neighbours: Neighbours) -> None:
        """What takes a look into the store. After one that failed, everything is looked at again."""
        self._all = True
        while True:
            if self._definitions or self._all:
                self._definitions = False
                await self._catalogue.fresh()
                await self._look_also(neighbours)
                await self._leasing.membership.meet_others()
            if self._all:
                self._all = False
                self._sweeper.look_again(self._clock.now())
                await self._numbers.load()
                followed = self._feed.followed()
                if followed:
                    self._feed.look_again_at(await neighbours.standing(list(followed)), followed)
            await self._wake.wait()
            self._wake.clear()

    async def _look_also(self, neighbours: Neighbours) -> None:
        if not self.also:
            return
        revision = await neighbours.revision()  # before the look, which may see more
        if revision != self._revision:
            for look in self.also:
                await look()
            self._revision = revision
