"""What is wrong with a value, found without the validator's own errors.

Those hold the errors of every branch of every `anyOf` below them, and all that are found: exponential in depth for a
recursive schema, gigabytes for a long list. Here the schema is walked along what fails; branches are judged, which is
quick, and not explained; and the walk ends when enough is found or its time is over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import jsonschema_rs

from blazy_jobs_server.domain.errors import FieldError
from blazy_jobs_server.engine.schema_tree import LIST, NAMED, ONE, REFERENCES, Place, Tree, pointer

MAX_ERRORS = 20
MASK = "the value"
_WALKED = frozenset((*ONE, *LIST, *NAMED, *REFERENCES, "minContains", "maxContains"))


class OutOfTime(Exception):
    """The walk may go no further."""


def unexplained(path: str) -> FieldError:
    return FieldError(path, f"{MASK} does not fit the schema", "schema")


class Explanation:
    def __init__(self, schema: Any, pattern_options: jsonschema_rs.RegexOptions, tick: Callable[[], None]) -> None:
        """`tick` is called at every step, and raises OutOfTime to end the walk."""
        self._tree = Tree(schema)
        self._options = pattern_options
        self._tick = tick
        self._parts = jsonschema_rs.validator_map_for(schema, pattern_options=pattern_options, mask=MASK)
        self._keywords: dict[tuple[int, str], jsonschema_rs.Draft202012Validator] = {}
        self._way: set[tuple[str, str]] = set()
        self.cut_short = False
        """Whether there may be more than what was found."""

    def faults(self, value: Any, path: str) -> list[FieldError]:
        """Of a value that stands at `path` and is known not to fit: at least one, at most MAX_ERRORS."""
        found: list[FieldError] = []
        try:
            for error in islice(self._walk(self._tree.root, value, path, "schema"), MAX_ERRORS):
                found.append(error)  # what was found stays when the time is over
        except (OutOfTime, RecursionError):
            self.cut_short = True
        return found or [unexplained(path)]

    def fits(self, place: Place, value: Any) -> bool:
        self._tick()
        validator = self._parts.get("#" + place.at)
        if validator is not None:
            return validator.is_valid(value)
        return next(self._walk(place, value, "", "schema"), None) is None

    def _walk(self, place: Place, value: Any, path: str, keyword: str) -> Iterator[FieldError]:
        """`keyword` is the one that led here."""
        self._tick()
        schema = place.schema
        if schema is False:
            yield FieldError(path, f"False schema does not allow {MASK}", keyword)
        if not isinstance(schema, dict):
            return
        for name in schema:
            if name not in _WALKED:
                yield from self._asserted(schema, name, value, path)
            elif name in _STEPS:
                yield from _STEPS[name](self, place, value, path)

    def _asserted(self, schema: dict[str, Any], name: str, value: Any, path: str) -> Iterator[FieldError]:
        """A keyword that has no schema in it, as the validator says it."""
        validator = self._keywords.get((id(schema), name))
        if validator is None:
            validator = self._keywords[id(schema), name] = self._alone({name: schema[name]})
        yield from _errors(validator, name, value, path)

    def _alone(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=self._options, mask=MASK)

    def _below(self, child: Place, value: Any, path: str, keyword: str) -> Iterator[FieldError]:
        """Of a part of the value, or of all of it, where it does not fit."""
        if "#" + child.at not in self._parts or not self.fits(child, value):
            yield from self._walk(child, value, path, keyword)

    def _reference(self, place: Place, value: Any, path: str, keyword: str) -> Iterator[FieldError]:
        target = self._tree.target(place, keyword)
        if target is not None:
            if (target.at, path) not in self._way:  # it leads round, without a step into the value
                self._way.add((target.at, path))
                try:
                    yield from self._below(target, value, path, keyword)
                finally:  # who asks for the first fault only leaves here
                    self._way.discard((target.at, path))
        else:  # a schema that the validator knows by itself: the standard's own
            validator = self._alone({keyword: place.schema[keyword]})
            if not validator.is_valid(value):
                yield FieldError(path, f"{MASK} does not fit {place.schema[keyword]}"[:300], keyword)

    def _all_of(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        for index in range(len(place.schema["allOf"])):
            yield from self._below(place.child("allOf", index), value, path, "allOf")

    def _branches(self, place: Place, value: Any, path: str, keyword: str) -> Iterator[FieldError]:
        fitting = 0
        for index in range(len(place.schema[keyword])):
            fitting += self.fits(place.child(keyword, index), value)
            if keyword == "anyOf" and fitting:
                return
        if not fitting:
            message = f"{MASK} is not valid under any of the schemas listed in the '{keyword}' keyword"
            yield FieldError(path, message, keyword)
        elif fitting > 1:
            message = f"{MASK} is valid under more than one of the schemas listed in the '{keyword}' keyword"
            yield FieldError(path, message, keyword)

    def _not(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if self.fits(place.child("not"), value):
            shown = json.dumps(place.schema["not"], ensure_ascii=False)
            yield FieldError(path, f"{shown[:250]} is not allowed for {MASK}", "not")

    def _if(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        branch = "then" if self.fits(place.child("if"), value) else "else"
        if branch in place.schema:
            yield from self._below(place.child(branch), value, path, branch)

    def _dependent(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if isinstance(value, dict):
            for name in place.schema["dependentSchemas"]:
                if name in value:
                    yield from self._below(place.child("dependentSchemas", name), value, path, "dependentSchemas")

    def _properties(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if isinstance(value, dict):
            for name in place.schema["properties"]:
                if name in value:
                    child = place.child("properties", name)
                    yield from self._below(child, value[name], path + pointer(name), "properties")

    def _pattern_properties(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if not isinstance(value, dict):
            return
        for pattern in place.schema["patternProperties"]:
            child = place.child("patternProperties", pattern)
            matcher = self._alone({"pattern": pattern})
            for name in value:
                if matcher.is_valid(name):
                    yield from self._below(child, value[name], path + pointer(name), "patternProperties")

    def _additional(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if not isinstance(value, dict):
            return
        keyword = "additionalProperties"
        known = dict.fromkeys(place.schema.get("properties", ()), True)
        matchers = [self._alone({"pattern": pattern}) for pattern in place.schema.get("patternProperties", ())]
        rest = [name for name in value if name not in known and not any(m.is_valid(name) for m in matchers)]
        if place.schema[keyword] is not False:
            child = place.child(keyword)
            for name in rest:
                yield from self._below(child, value[name], path + pointer(name), keyword)
        elif rest:
            # With `properties` the validator names what was unexpected.
            validator = self._alone({keyword: False, "properties": {}})
            yield from _errors(validator, keyword, dict.fromkeys(rest[:10]), path)

    def _property_names(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if isinstance(value, dict):
            for name in value:
                yield from self._below(place.child("propertyNames"), name, path, "propertyNames")

    def _items(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if isinstance(value, list):
            child = place.child("items")
            for index in range(len(place.schema.get("prefixItems", ())), len(value)):
                if not self.fits(child, value[index]):
                    yield from self._walk(child, value[index], f"{path}/{index}", "items")

    def _prefix_items(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if isinstance(value, list):
            for index in range(min(len(value), len(place.schema["prefixItems"]))):
                child = place.child("prefixItems", index)
                yield from self._below(child, value[index], f"{path}/{index}", "prefixItems")

    def _contains(self, place: Place, value: Any, path: str) -> Iterator[FieldError]:
        if not isinstance(value, list):
            return
        least, most = place.schema.get("minContains", 1), place.schema.get("maxContains")
        child = place.child("contains")
        count = sum(self.fits(child, item) for item in value)
        if count < least:
            message = (
                f"None of {MASK} are valid under the given schema"
                if least == 1
                else f"{MASK} has {count} of at least {least} items that fit 'contains'"
            )
            yield FieldError(path, message, "contains" if least == 1 else "minContains")
        elif most is not None and count > most:
            yield FieldError(path, f"{MASK} has {count} of at most {most} items that fit 'contains'", "maxContains")

    def _unevaluated(self, place: Place, value: Any, path: str, keyword: str) -> Iterator[FieldError]:
        """Where all else in the schema fits, this does not."""
        rest = {name: part for name, part in place.schema.items() if not name.startswith("unevaluated")}
        if self.fits(place, value) or next(self._walk(place._replace(schema=rest), value, path, keyword), None):
            return
        validator = self._parts.get("#" + place.at)
        if validator is not None:
            try:
                validator.validate(value)
            except jsonschema_rs.ValidationError as error:
                yield FieldError(path + pointer(*error.instance_path), error.message[:300], keyword)


def _errors(validator: jsonschema_rs.Draft202012Validator, keyword: str, value: Any, path: str) -> Iterator[FieldError]:
    if not validator.is_valid(value):
        for error in validator.iter_errors(value):
            yield FieldError(path + pointer(*error.instance_path), error.message[:300], keyword)


_STEPS: dict[str, Callable[[Explanation, Place, Any, str], Iterator[FieldError]]] = {
    "$ref": lambda self, place, value, path: self._reference(place, value, path, "$ref"),
    "$dynamicRef": lambda self, place, value, path: self._reference(place, value, path, "$dynamicRef"),
    "allOf": Explanation._all_of,
    "anyOf": lambda self, place, value, path: self._branches(place, value, path, "anyOf"),
    "oneOf": lambda self, place, value, path: self._branches(place, value, path, "oneOf"),
    "not": Explanation._not,
    "if": Explanation._if,
    "dependentSchemas": Explanation._dependent,
    "properties": Explanation._properties,
    "patternProperties": Explanation._pattern_properties,
    "additionalProperties": Explanation._additional,
    "propertyNames": Explanation._property_names,
    "items": Explanation._items,
    "prefixItems": Explanation._prefix_items,
    "contains": Explanation._contains,
    "unevaluatedItems": lambda self, place, value, path: self._unevaluated(place, value, path, "unevaluatedItems"),
    "unevaluatedProperties": lambda self, place, value, path: self._unevaluated(
        place, value, path, "unevaluatedProperties"
    ),
}
