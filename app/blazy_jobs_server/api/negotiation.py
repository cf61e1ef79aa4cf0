"""What a client would rather have, by `Accept` and its kin (RFC 9110, 12.4 and 12.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def parse_accept(headers: Iterable[str]) -> dict[str, float]:
    """What is named, in lower case, with its quality; a quality that cannot be read counts as 1."""
    found: dict[str, float] = {}
    for part in ",".join(headers).split(","):
        name, *parameters = (item.strip().lower() for item in part.split(";"))
        quality = next((item[2:] for item in parameters if item.startswith("q=")), "1")
        try:
            value = min(max(float(quality), 0.0), 1.0)
        except ValueError:
            value = 1.0
        if name:
            found[name] = max(value, found.get(name, 0.0))
    return found


def quality(accepted: Mapping[str, float], media_type: str) -> float:
    """Of a media type: what names it most exactly counts. 1 where nothing is asked for."""
    if not accepted:
        return 1.0
    family = media_type.partition("/")[0]
    return next((accepted[name] for name in (media_type, f"{family}/*", "*/*") if name in accepted), 0.0)


def takes_gzip(accepted: Mapping[str, float]) -> bool:
    """Whether `Accept-Encoding` names it and does not rule it out."""
    return next((accepted[name] > 0 for name in ("gzip", "x-gzip", "*") if name in accepted), False)
