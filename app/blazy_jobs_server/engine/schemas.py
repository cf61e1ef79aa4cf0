"""JSON Schema 2020-12: which schemas are taken, and checking values against them.

A schema comes from outside and runs at every dispatch, so it may neither fetch anything (what a reference points to is
in the schema itself) nor take more than linear time over a string (patterns by an automaton engine) nor memory without
bound. A judgement that could take long is left to a process of its own, which is ended when its time is over.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema_rs
import orjson
from msgspec import Struct

from blazy_jobs_server.domain.errors import FieldError, InvalidSchema, TooBusy
from blazy_jobs_server.engine.examiner import Examined, Examiner, NoTime
from blazy_jobs_server.engine.explaining import MASK, Explanation, OutOfTime, unexplained
from blazy_jobs_server.engine.schema_cost import DFA_BYTES, MAX_PATTERNS_BYTES, TooCostly, Visits, patterns_bytes
from blazy_jobs_server.engine.schema_tree import Tree, pointer

MAX_SCHEMA_BYTES = 64 * 1024
DIALECT = "https://json-schema.org/draft/2020-12/schema"
QUICK_WORK = 20_000_000
"""Looks at a value times its bytes: at worst some 0.1 s, usually a hundredth of that."""
QUICK_EXPLAINED = 4_000_000
QUICK_STEPS = 2_000
SMALL_BYTES = 512 << 10
"""A compiled schema that is larger explains nothing here: that takes another like it."""
MAX_KEPT_BYTES = 128 << 20
"""Of all compiled schemas at hand."""
MAX_WAITING = 16
"""Values that may wait for an explanation; what is wrong with others is said in one line."""
_NO_PATTERN = 'is not a "regex"'
_NO_PATTERN_HERE = f"is not a regular expression that takes linear time and at most {MAX_PATTERNS_BYTES >> 20} MiB"
_ABOUT_AN_ID = ("Invalid URI reference '{}':", "Failed to resolve '{}' against ")
PATTERNS = jsonschema_rs.RegexOptions(size_limit=MAX_PATTERNS_BYTES, dfa_size_limit=DFA_BYTES)


class Compiled(Struct, frozen=True):
    validator: jsonschema_rs.Draft202012Validator
    visits: int
    """How often it looks at one part of a value, at most."""
    bytes: int
    """Its memory, roughly."""


def compile_schema(schema: Any, path: str) -> Compiled:
    """A validator of `schema`, which stands at `path` of the request. Raises InvalidSchema."""
    if not isinstance(schema, (dict, bool)):
        raise _invalid(path, "must be an object or a boolean")
    length = len(orjson.dumps(schema))
    if length > MAX_SCHEMA_BYTES:
        raise _invalid(path, f"may have at most {MAX_SCHEMA_BYTES} bytes")
    if isinstance(schema, dict) and "$schema" in schema and _dialect(schema["$schema"]) != DIALECT:
        raise _invalid(path + "/$schema", f"must be {DIALECT}")
    tree = Tree(schema)
    try:
        memory = patterns_bytes(tree)
        validator = _validator(schema)
        visits = Visits(tree).most()
    except TooCostly as error:
        raise _invalid(path, f"costs too much: {error}") from None
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        message = getattr(error, "message", str(error))
        place = _id_of(tree, message) or _reference_of(tree, message) or pointer(*getattr(error, "instance_path", []))
        message = message.partition("\n")[0].replace(_NO_PATTERN, _NO_PATTERN_HERE)
        raise _invalid(path + place, message[:300]) from error
    return Compiled(validator, visits, 20 * length + memory)


def _validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, pattern_options=PATTERNS, retriever=_refuse, mask=MASK)


def _dialect(value: Any) -> str | None:
    return value.removesuffix("#") if isinstance(value, str) else None


def _invalid(path: str, message: str) -> InvalidSchema:
    return InvalidSchema([FieldError(path, message, "invalid_schema")])


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri[:200]} is not within this schema")


def _id_of(tree: Tree, message: str) -> str | None:
    """Where the `$id` stands that the message is about: the validator names no place of one that is no URI."""
    for place in tree.places:
        own = place.schema.get("$id") if isinstance(place.schema, dict) else None
        if isinstance(own, str) and message.startswith(tuple(begin.format(own) for begin in _ABOUT_AN_ID)):
            return place.at + pointer("$id")
    return None


def _reference_of(tree: Tree, message: str) -> str | None:
    """Where the reference stands that the message is about: the one that leads nowhere."""
    for place, keyword, reference in tree.references():
        if tree.target(place, keyword) is None:
            uri, _, fragment = reference.partition("#")
            if (uri or fragment) and (uri or unquote(fragment)) in message:
                return place.at + pointer(keyword)
    return None


class Glance(NamedTuple):
    """What is seen of a value at once: whether it fits, and what is wrong with it. None: that may take long to say."""

    fits: bool | None
    found: list[FieldError] | None


class Schema:
    """A schema that values are checked against. It is compiled when first needed, and again where it had to make room
    for others."""

    __slots__ = ("document",)

    def __init__(self, document: Any) -> None:
        self.document = document

    def accepts(self, value: Any) -> bool:
        """Whether it is seen at a glance that `value` fits. Raises InvalidSchema."""
        return self.judge(value, len(orjson.dumps(value))) is True

    def judge(self, value: Any, bytes: int) -> bool | None:
        """`bytes` is the value's length as JSON. None where it may take long to say. Raises InvalidSchema."""
        compiled = KEPT.of(self)
        return compiled.validator.is_valid(value) if compiled.visits * bytes <= QUICK_WORK else None

    def judge_text(self, text: str) -> bool | None:
        """The same of JSON text, which is not even read where it may take long to say. Raises InvalidSchema."""
        compiled = KEPT.of(self)
        return compiled.validator.is_valid(orjson.loads(text)) if compiled.visits * len(text) <= QUICK_WORK else None

    async def faults(self, value: Any, path: str) -> list[FieldError]:
        """What is wrong with a value that stands at `path`; empty where nothing is. Never quotes it. Raises
        InvalidSchema, and TooBusy where it cannot be said now."""
        glance = self.at_a_glance(value, path)
        if glance.found is not None:
            return glance.found
        try:
            return (await self.closely(value, path, known_not_to_fit=glance.fits is False)).faults
        except NoTime:
            raise TooBusy.at(path) from None

    def at_a_glance(self, value: Any, path: str) -> Glance:
        """Raises InvalidSchema."""
        length = len(orjson.dumps(value))
        fits = self.judge(value, length)
        if fits is None:
            return Glance(None, None)
        return Glance(fits, [] if fits else self._explained(value, length, path))

    async def closely(self, value: Any, path: str, *, known_not_to_fit: bool) -> Examined:
        """Of a value that a glance was not enough for. Raises NoTime where it is not even known whether it fits."""
        try:
            return await payloads.examine(self.document, value, path, known_not_to_fit=known_not_to_fit)
        except NoTime:
            if known_not_to_fit:
                return Examined(False, [unexplained(path)], 0.0)
            raise

    def _explained(self, value: Any, length: int, path: str) -> list[FieldError] | None:
        """Of a value that does not fit. None where it may take long to say."""
        compiled = KEPT.of(self)
        if compiled.visits * length > QUICK_EXPLAINED or compiled.bytes > SMALL_BYTES:
            return None
        explanation = Explanation(self.document, PATTERNS, Steps(QUICK_STEPS))
        found = explanation.faults(value, path)
        return None if explanation.cut_short else found


class Steps:
    """Ends a walk after so many."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise OutOfTime


class Kept:
    """The compiled schemas at hand: as many as there is room for, those that were used last."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.bytes = 0
        self._compiled: OrderedDict[int, tuple[Schema, Compiled]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, schema: Schema) -> Compiled:
        """Raises InvalidSchema."""
        with self._lock:
            found = self._compiled.get(id(schema))
            if found is not None:
                self._compiled.move_to_end(id(schema))
                return found[1]
        compiled = compile_schema(schema.document, "")
        with self._lock:
            if id(schema) not in self._compiled:
                self._compiled[id(schema)] = (schema, compiled)
                self.bytes += compiled.bytes
            while self.bytes > self._most_bytes and len(self._compiled) > 1:
                _, (_, oldest) = self._compiled.popitem(last=False)
                self.bytes -= oldest.bytes
        return compiled


KEPT = Kept(MAX_KEPT_BYTES)


class Closely:
    """Values that take a closer look, one after the other, away from the loop.

    Where it is not known whether one fits it has its turn, however many wait: it may well fit.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "examiner")
        self._examiner = Examiner()
        self._waiting = 0

    async def examine(self, schema: Any, value: Any, path: str | None, *, known_not_to_fit: bool = False) -> Examined:
        """As Examiner.examine. Raises NoTime."""
        if known_not_to_fit and path is not None and self._waiting >= MAX_WAITING:
            return Examined(False, [unexplained(path)], 0.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._examiner.examine, schema, value, path
            )
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """What is being examined ends with NoTime; the next one begins anew."""
        self._examiner.interrupt()


payloads = Closely()
