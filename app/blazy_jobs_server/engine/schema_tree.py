"""Which parts of a JSON Schema 2020-12 document are schemas, and what their references point to.

Data below `const`, `enum`, `default` and `examples`, and names of properties, are no schemas, whatever they look like.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

ONE = (
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
REFERENCES = ("$ref", "$dynamicRef")


def pointer(*parts: object) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


class Place(NamedTuple):
    """A schema in a document: where it stands (a JSON Pointer), and the URI that its references count from."""

    schema: Any
    at: str
    base: str

    def child(self, *parts: object) -> Place:
        schema = self.schema
        for part in parts:
            schema = schema[part]
        return _placed(schema, self.at + pointer(*parts), self.base)


def _placed(schema: Any, at: str, base: str) -> Place:
    own = schema.get("$id") if isinstance(schema, dict) else None
    return Place(schema, at, _against(base, own) if isinstance(own, str) else base)


def _against(base: str, reference: str) -> str:
    """The reference as it is where it is none."""
    if reference.startswith("#"):
        return base + reference
    try:
        return urldefrag(urljoin(base, reference))[0]
    except ValueError:
        return reference


def children(place: Place) -> Iterator[tuple[str, Place]]:
    """The schemas directly below, each with its keyword. What does not have the shape of one is passed over."""
    schema = place.schema
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in ONE:
            parts: Iterator[tuple[object, ...]] = iter([(keyword,)])
        elif keyword in LIST and isinstance(value, list):
            parts = ((keyword, index) for index in range(len(value)))
        elif keyword in NAMED and isinstance(value, dict):
            parts = ((keyword, name) for name in value)
        else:
            continue
        for path in parts:
            child = place.child(*path)
            if isinstance(child.schema, (dict, bool)):
                yield keyword, child


class Tree:
    """A whole document. It may be of any shape: what is not as the standard says is passed over."""

    def __init__(self, document: Any) -> None:
        self.root = _placed(document, "", "")
        self.places: list[Place] = []
        self._resources: dict[str, Place] = {"": self.root}
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: dict[str, Place] = {}
        self._seen: set[str] = set()
        self._walk(self.root)
        for place in self.places:  # grows: a reference makes a schema of what it points to
            for keyword in REFERENCES:
                target = self.target(place, keyword)
                if target is not None:
                    self._walk(target)

    def _walk(self, start: Place) -> None:
        stack = [start]
        while stack:
            place = stack.pop()
            if place.at in self._seen:
                continue
            self._seen.add(place.at)
            self.places.append(place)
            if isinstance(place.schema, dict):
                self._note(place)
                stack.extend(reversed([child for _, child in children(place)]))

    def _note(self, place: Place) -> None:
        if isinstance(place.schema.get("$id"), str) or place is self.root:
            self._resources.setdefault(place.base, place)
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = place.schema.get(keyword)
            if isinstance(name, str):
                self._anchors.setdefault((place.base, name), place)
                if keyword == "$dynamicAnchor":
                    self._dynamic.setdefault(name, place)

    def references(self) -> Iterator[tuple[Place, str, str]]:
        """Each reference: the schema that has it, the keyword, and where it points."""
        for place in self.places:
            if isinstance(place.schema, dict):
                for keyword in REFERENCES:
                    if isinstance(place.schema.get(keyword), str):
                        yield place, keyword, place.schema[keyword]

    def target(self, place: Place, keyword: str) -> Place | None:
        """What the reference there points to; None where that is not within the document. Of a dynamic one with several
        anchors of its name, the first."""
        reference = place.schema.get(keyword) if isinstance(place.schema, dict) else None
        if not isinstance(reference, str):
            return None
        uri, _, fragment = reference.partition("#")
        fragment = unquote(fragment)
        base = _against(place.base, uri) if uri else place.base
        resource = self._resources.get(base)
        if resource is None:
            return None
        if not fragment:
            return resource
        if fragment.startswith("/"):
            return _below(resource, fragment)
        anchor = self._anchors.get((base, fragment))
        dynamic = self._dynamic.get(fragment)
        return dynamic if (keyword == "$dynamicRef" and anchor is dynamic) or anchor is None else anchor


def _below(resource: Place, fragment: str) -> Place | None:
    place = resource
    for part in fragment[1:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(place.schema, dict) and part in place.schema:
            place = place.child(part)
        elif isinstance(place.schema, list) and part.isdecimal() and int(part) < len(place.schema):
            place = place.child(int(part))
        else:
            return None
    return place
