"""Sessions of browsers: rows in the store, all known in memory.

Rows, and not sealed tokens that speak for themselves: what has been logged out must be over on every server, also on
one that starts tomorrow, and then each token would have to be looked up in a list of revoked ones all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec.structs import replace

from blazy_jobs_server.domain.errors import Unauthorized
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.keys import Caller
from blazy_jobs_server.domain.sessions import MOST_SECONDS, BrowserSession, id_of, new_token
from blazy_jobs_server.engine.loop import Alarm
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.sessions import SessionStore
from blazy_jobs_server.trust.endings import Endings

MOST_OF_A_KEY = 1000
"""Beyond that, the one that was used longest ago ends."""
_LONG = 3600 * SECOND
"""One that was not used for so long is written at once when it is: others might be about to end it."""
LOOKS_A_SECOND = 100
"""For sessions of other servers: whoever makes tokens up must not keep the database busy."""


class NoSessions:
    """A store of none, for who sees to keys alone, beside a server or without one."""

    async def sessions(self, session_id: str | None = None) -> list[BrowserSession]:
        return []

    async def save_session(self, session: BrowserSession) -> None:
        raise NotImplementedError  # whoever sees to keys alone begins none

    async def end_sessions(self, session_ids: Collection[str]) -> None:
        return

    async def note_sessions(self, used: Mapping[str, int]) -> None:
        return


class Sessions:
    def __init__(
        self,
        store: SessionStore | None,
        clock: Clock,
        endings: Endings,
        caller_of: Callable[[BrowserSession, int], Caller | None],
    ) -> None:
        """`caller_of` tells who has a session now; None where the key is no more that it was opened with."""
        self._store: SessionStore = NoSessions() if store is None else store
        self._clock = clock
        self._endings = endings
        self._caller_of = caller_of
        self._known: dict[str, BrowserSession] = {}
        self._used: dict[str, int] = {}
        """Not stored yet."""
        self._changing = asyncio.Lock()
        """What is read from the store is of before or after a change of ours, not of its midst."""
        self._alarm = Alarm(clock.now)
        self._looks = (0, 0)

    def stop(self) -> None:
        self._alarm.clear()

    def ends_at(self, session_id: str) -> int | None:
        """When it ends, used or not; None where it has ended."""
        session = self._known.get(session_id)
        return None if session is None else session.created_at + MOST_SECONDS * SECOND

    def caller(self, token: str) -> Caller:
        """Who has this token; it counts as used. Raises Unauthorized."""
        session = self._known.get(id_of(token))
        now = self._clock.now()
        caller = None if session is None else self._caller(session, now)
        if session is None or caller is None:
            raise Unauthorized
        if now - session.used_at > _LONG:
            self._alarm.ring()
        self._used[session.id] = now
        return caller

    def _caller(self, session: BrowserSession, now: int) -> Caller | None:
        return self._caller_of(session, now) if now < self._ends_at(session) else None

    def _ends_at(self, session: BrowserSession) -> int:
        used = self._used.get(session.id)
        return session.ends_at if used is None else replace(session, used_at=max(used, session.used_at)).ends_at

    async def begin(self, key_id: str, secret: str) -> tuple[str, BrowserSession]:
        """Its token, which is kept nowhere, and itself."""
        token, now = new_token(), self._clock.now()
        session = BrowserSession(id=id_of(token), key_id=key_id, secret=secret, created_at=now, used_at=now)
        async with self._changing:
            await self._store.save_session(session)
            self._take(session)
            await self._end(self._too_many(key_id))
        return token, session

    def _too_many(self, key_id: str) -> list[str]:
        of_key = [session for session in self._known.values() if session.key_id == key_id]
        return [session.id for session in sorted(of_key, key=self._ends_at)[: max(0, len(of_key) - MOST_OF_A_KEY)]]

    async def end(self, session_id: str) -> None:
        """Once this returns it is over, also after a crash; on other servers within two seconds."""
        async with self._changing:
            await self._end([session_id])

    async def _end(self, session_ids: list[str]) -> None:
        if session_ids:
            await self._store.end_sessions(session_ids)
            self._forget(session_ids)

    def _take(self, session: BrowserSession) -> None:
        self._known[session.id] = session
        self._alarm.set(session.ends_at)

    def _forget(self, session_ids: Iterable[str]) -> None:
        for session_id in list(session_ids):
            self._known.pop(session_id, None)
            self._used.pop(session_id, None)
            self._endings.end(session_id)

    # -- what other servers do

    async def fresh(self) -> None:
        """As stored now, by whomever; those whose keys have ended, end."""
        async with self._changing:
            found = {session.id: session for session in await self._store.sessions()}
            self._forget(self._known.keys() - found.keys())
            for session in found.values():
                self._take(session)
        self.end_with_keys()

    async def meet(self, token: str) -> bool:
        """Whether it is a session that another server has begun or heard of later than this one."""
        second = self._clock.now() // SECOND
        looks = self._looks[1] if self._looks[0] == second else 0
        if looks >= LOOKS_A_SECOND:
            return False
        self._looks = (second, looks + 1)
        async with self._changing:
            for session in await self._store.sessions(id_of(token)):
                self._take(session)
        known = self._known.get(id_of(token))
        return known is not None and self._caller(known, self._clock.now()) is not None

    # -- ends by themselves

    def end_with_keys(self) -> None:
        """Those whose keys have ended."""
        now = self._clock.now()
        dead = [session for session in self._known.values() if self._caller_of(session, now) is None]
        for session in dead:
            self._endings.end(session.id)
        if dead:
            self._alarm.ring()  # to have them deleted

    async def end_due(self) -> None:
        """For the loop: deletes what nobody can use any more."""
        while True:
            self._alarm.clear()
            await self.save_used()
            async with self._changing:
                for session in await self._store.sessions():  # another server may have seen one used
                    if session.id in self._known:
                        self._known[session.id] = session
                now = self._clock.now()
                await self._end([s.id for s in self._known.values() if self._caller(s, now) is None])
                ends = [self._ends_at(session) for session in self._known.values()]
            if ends:
                self._alarm.set(min(ends))
            await self._alarm.wait()

    async def save_used(self) -> None:
        used = {session_id: at for session_id, at in self._used.items() if session_id in self._known}
        if not used:
            return
        await self._store.note_sessions(used)
        for session_id, at in used.items():
            if session_id in self._known:
                known = self._known[session_id]
                self._known[session_id] = replace(known, used_at=max(known.used_at, at))
            if self._used.get(session_id) == at:
                del self._used[session_id]
