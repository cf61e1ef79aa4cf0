"""Configurations in files: YAML 1.2 or JSON, read strictly and written so that every YAML reader takes them alike."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.payload import decoded, read_json
from blazy_jobs.strict_json import NotJson, encode

STDIN = "-"
MAX_VALUES = 1_000_000
"""Aliases can make a short file a long document."""

_OLD = re.compile(r"\A(?:\s*(?:#.*)?\n)*%YAML\s+1\.[01]\b")
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/-]*", re.ASCII)
_SAID_OTHERWISE = re.compile(
    r"y|n|yes|no|on|off|true|false|null|nan|inf|infinity|[+-]?[0-9.]+e?[0-9]*", re.ASCII | re.IGNORECASE
)
"""Words that YAML 1.1 or another reader takes for something else than text."""


def read_document(name: str) -> dict[str, Any]:
    """Of a file or standard input. Raises Unusable, which says where the fault is."""
    where, text = _text(name)
    document = read_json(where, text) if name.endswith(".json") else _yaml(where, text)
    if document is None:
        document = {}
    if not isinstance(document, dict):
        raise Unusable(f"{where} holds no configuration: its top level must be a mapping with job_types, schedules, …")
    return document


def _text(name: str) -> tuple[str, str]:
    if name == STDIN:
        return "standard input", decoded("standard input", sys.stdin.buffer.read() if sys.stdin else b"")
    try:
        return f"the file {name!r}", decoded(f"the file {name!r}", Path(name).read_bytes())
    except OSError as error:
        raise Unusable(f"cannot read {name!r}: {error.strerror or error}") from None


def _yaml(where: str, text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    class Constructor(SafeConstructor):
        """Instants stay the text that they are."""

    Constructor.add_constructor("tag:yaml.org,2002:timestamp", Constructor.construct_yaml_str)
    if _OLD.match(text):
        raise Unusable(f"{where} says that it is YAML 1.1, in which 'no' and 'on' are no text: remove the %YAML line")
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        documents = list(yaml.load_all(text))
    except MarkedYAMLError as error:
        place = "" if error.problem_mark is None else f" line {error.problem_mark.line + 1}:"
        raise Unusable(f"{where} is not YAML:{place} {error.problem or error.context}") from None
    except (YAMLError, ValueError) as error:
        raise Unusable(f"{where} is not YAML: {error}") from None
    except RecursionError:
        raise Unusable(f"{where} is nested too deeply") from None
    if len(documents) > 1:
        raise Unusable(f"{where} holds {len(documents)} documents: put everything into one, since one is applied whole")
    document = documents[0] if documents else None
    _check(where, document)
    return document


def _check(where: str, document: Any) -> None:
    """That it can be JSON, and is no longer than it looks."""
    left = [document]
    count = 0
    while left:
        value = left.pop()
        count += 1
        if count > MAX_VALUES:
            raise Unusable(f"{where} has too many values: its aliases make more than {MAX_VALUES:,} of them")
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise Unusable(f"{where} has the key {key!r}, which is no text: put it between quotes")
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
        elif not isinstance(value, str | int | float | None):
            raise Unusable(f"{where} cannot be sent as JSON: it has a value of the kind {type(value).__name__}")
    try:
        encode(document)
    except (NotJson, ValueError) as error:
        raise Unusable(f"{where} cannot be sent as JSON: {error}") from None
    except RecursionError:
        raise Unusable(f"{where} cannot be sent as JSON: nested deeper than 64 levels") from None


def yaml_text(document: Any) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        def ignore_aliases(self, data: Any) -> bool:
            return True

        def represent_str(self, data: str) -> Any:
            plain = _PLAIN.fullmatch(data) and not _SAID_OTHERWISE.fullmatch(data)
            return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if plain else '"')

        def represent_number(self, data: float) -> Any:
            text = repr(data)
            return self.represent_scalar("tag:yaml.org,2002:float", text if "." in text else text.replace("e", ".0e"))

    Representer.add_representer(str, Representer.represent_str)
    Representer.add_representer(float, Representer.represent_number)
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 120
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the order is that of the answer
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()
