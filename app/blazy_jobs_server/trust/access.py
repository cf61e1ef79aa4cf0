"""Who asks, by the key that they give, and for how long: all keys are known in memory, as they are on every server
within two seconds of a change."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Iterable

import structlog
from msgspec.structs import replace

from blazy_jobs_server.domain import keys
from blazy_jobs_server.domain.errors import StoreUnavailable, Unauthorized
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.keys import ANYONE, ApiKey, Caller
from blazy_jobs_server.domain.sessions import BrowserSession
from blazy_jobs_server.engine.loop import Alarm, Tasks
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.keys import KeyStore
from blazy_jobs_server.ports.sessions import SessionStore
from blazy_jobs_server.trust.endings import Endings
from blazy_jobs_server.trust.root_file import RootFile
from blazy_jobs_server.trust.sessions import Sessions

log = structlog.get_logger("access")

LOOK_SECONDS = 1.5
USE_SECONDS = 60
"""How exactly it is known when a key was last used."""
MAX_REMEMBERED = 10_000
_MINUTE = USE_SECONDS * SECOND
NOBODYS_DIGEST = "0" * 64


class Access:
    """`root` is the key of the settings, which is in no table. Without a store of `sessions` there are none."""

    def __init__(self, store: KeyStore, clock: Clock, root: str | None, sessions: SessionStore | None = None) -> None:
        self._store = store
        self._clock = clock
        self._root_key = None if root is None else root.encode()
        self._root = None if root is None else keys.root(root.encode())
        self.root_file: RootFile | None = None
        """Where the key of the settings is, if it may change."""
        self._keys: dict[str, ApiKey] = {}
        self._callers: dict[bytes, tuple[Caller, int]] = {}
        """By what was given, until then: no longer than the minute for which its use is noted."""
        self._endings = Endings()
        self.sessions = Sessions(sessions, clock, self._endings, self._of_session)
        self._used: dict[str, int] = {}
        self._using = asyncio.Event()
        self._revision: int | None = None
        self._looking = asyncio.Lock()
        self._alarm = Alarm(clock.now)
        self._tasks = Tasks()

    async def start(self) -> None:
        await self.fresh()
        self._tasks.keep("end keys", self._end_keys)
        self._tasks.keep("note used keys", self._note_used)
        self._tasks.keep("look for keys", self._look)
        self._tasks.keep("end sessions", self.sessions.end_due)

    async def stop(self) -> None:
        self._alarm.clear()
        self.sessions.stop()
        await self._tasks.stop()
        with contextlib.suppress(StoreUnavailable):
            await self._save_used()

    @property
    def is_open(self) -> bool:
        """To everybody: there is no key, and never was one."""
        return self._root is None and not self._keys

    @property
    def keys(self) -> Iterable[ApiKey]:
        """The newest first."""
        return self._keys.values()

    def key(self, key_id: str) -> ApiKey | None:
        return self._keys.get(key_id)

    def caller(self, authorization: bytes | None) -> Caller:
        """Who gives this header. Raises Unauthorized."""
        if self.is_open:
            return ANYONE
        if authorization is None:
            raise Unauthorized
        now = self._clock.now()
        known = self._callers.get(authorization)
        if known is not None and now < known[1]:
            return known[0]
        caller = self._find(authorization, now)
        self._note(caller, now)
        return caller

    def caller_of_session(self, token: str) -> Caller:
        """Who has this cookie. Raises Unauthorized."""
        caller = self.sessions.caller(token)
        self._note(caller, self._clock.now())
        return caller

    def _note(self, caller: Caller, now: int) -> None:
        if caller.id in self._keys:
            self._used[caller.id] = now
            self._using.set()
        elif caller.session is not None:
            self._using.set()

    async def identify(self, given: str) -> tuple[Caller, str]:
        """Who has this key, and with which secret of it, for `log_in`. Raises Unauthorized."""
        parsed = keys.parse(given)
        if parsed is not None and parsed[0] not in self._keys:
            await self.fresh()  # another server may just have made it
        now = self._clock.now()
        caller, _ = self._identify(given.encode(), now)
        secret = caller.realm if caller is self._root or parsed is None else parsed[1]
        return caller, secret

    async def log_in(self, caller: Caller, secret: str) -> tuple[str, BrowserSession]:
        """A new session: its token, and itself."""
        return await self.sessions.begin(caller.id, secret)

    def _of_session(self, session: BrowserSession, now: int) -> Caller | None:
        """Who has it, while the secret holds that it was opened with."""
        if session.key_id == keys.ROOT_ID:
            root = self._root
            return None if root is None or root.realm != session.secret else replace(root, session=session.id)
        key = self._keys.get(session.key_id)
        if key is None or not (key.is_live(now) and key.knows(session.secret, now)):
            return None
        return replace(Caller.of(key), session=session.id)

    def _find(self, authorization: bytes, now: int) -> Caller:
        scheme, _, given = authorization.partition(b" ")
        given = given.strip()
        if scheme.lower() != b"bearer":
            raise Unauthorized
        return self._remember(authorization, now, *self._identify(given, now))

    def _identify(self, given: bytes, now: int) -> tuple[Caller, int | None]:
        """Who has this key, and until when that holds. Raises Unauthorized."""
        if self._root is not None and self._root_key is not None and hmac.compare_digest(given, self._root_key):
            return self._root, None
        parsed = keys.parse(given.decode("latin-1"))
        if parsed is None:
            raise Unauthorized
        key_id, digest = parsed
        key = self._keys.get(key_id)
        if key is None:
            hmac.compare_digest(NOBODYS_DIGEST, digest)  # as long as with a key of this id
            raise Unauthorized
        if not (key.knows(digest, now) and key.is_live(now)):
            raise Unauthorized
        return Caller.of(key), key.ends_at(now)

    def _remember(self, authorization: bytes, now: int, caller: Caller, until: int | None) -> Caller:
        if len(self._callers) >= MAX_REMEMBERED:
            self._callers.clear()
        next_minute = (now // _MINUTE + 1) * _MINUTE
        self._callers[authorization] = (caller, next_minute if until is None else min(until, next_minute))
        return caller

    @property
    def endings(self) -> int:
        """How many keys and sessions have ended so far."""
        return self._endings.count

    def ended(self, caller: Caller, admitted: int) -> asyncio.Future[None] | None:
        """Done when its key has been revoked, has expired, or its secret holds no more, or its session has ended: what
        is under way for it ends then. `admitted`: the `endings` when it was let in. Not to be cancelled. None where it
        has neither."""
        if caller.session is not None:
            return self._endings.of(caller.session, admitted)
        may_end = caller.id in self._keys or (caller.id == keys.ROOT_ID and self.root_file is not None)
        return self._endings.of(caller.id, admitted) if may_end else None

    # -- changes

    async def _look(self) -> None:
        """The command line writes keys beside the server, and operators replace files."""
        while True:
            if self.root_file is not None and (root := self.root_file.changed()) is not None:
                self._use_root(root.encode())
            revision = await self._store.revision()  # before the look, which may see more
            if revision != self._revision:
                await self.fresh()
                self._revision = revision
            await asyncio.sleep(LOOK_SECONDS)

    def _use_root(self, key: bytes) -> None:
        if key == self._root_key:
            return
        self._root_key, self._root = key, keys.root(key)
        self._callers.clear()
        self._endings.end(keys.ROOT_ID)
        self.sessions.end_with_keys()
        log.info("the root key was replaced")

    async def fresh(self) -> None:
        """As stored now, by whomever."""
        async with self._looking:  # what was read before must not take the place of what was read after it
            found = {key.id: key for key in await self._store.keys()}
            before, self._keys = self._keys, found
        self._callers.clear()
        now = self._clock.now()
        for key_id, was in before.items():
            key = found.get(key_id)
            if key is None or not key.is_live(now) or (was.digest != key.digest and not key.is_rotating(now)):
                self._endings.end(key_id)
        self._set_alarm(now)
        await self.sessions.fresh()

    def _set_alarm(self, now: int) -> None:
        ends = [at for key in self._keys.values() if key.revoked_at is None and (at := key.ends_at(now)) is not None]
        self._alarm.clear()
        if ends:
            self._alarm.set(min(ends))

    async def _end_keys(self) -> None:
        """What was begun with a secret that holds no more ends, whichever of a key's two it was begun with: who has the
        newer one comes back at once."""
        while True:
            await self._alarm.wait()
            now = self._clock.now()
            for key in self._keys.values():
                if not key.is_live(now) or (key.previous_until is not None and not key.is_rotating(now)):
                    self._endings.end(key.id)
            self._set_alarm(now)
            self.sessions.end_with_keys()

    # -- when they were used

    def last_used_at(self, key: ApiKey) -> int | None:
        """To the minute."""
        used = self._used.get(key.id, 0) // _MINUTE * _MINUTE
        return max(key.last_used_at or 0, used) or None

    async def _note_used(self) -> None:
        while True:
            await self._using.wait()
            await asyncio.sleep(USE_SECONDS)
            await self._save_used()

    async def _save_used(self) -> None:
        used = {key.id: at for key in self._keys.values() if (at := self.last_used_at(key)) and at != key.last_used_at}
        self._using.clear()
        await self.sessions.save_used()
        if used:
            await self._store.note_used(used)
            self._keys |= {key_id: replace(self._keys[key_id], last_used_at=at) for key_id, at in used.items()}
