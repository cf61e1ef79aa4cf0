"""The settings: from `JOBS_*` in the environment, and from flags, which win."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MIB = 1024 * 1024


OWN_PORTS = {"http": 80, "https": 443}
OF_OTHERS = frozenset(("JOBS_URL", "JOBS_TRACE_CALLS", "JOBS_WORKER_NAME", "JOBS_WORKER_QUEUES"))
"""Variables that clients and workers read."""


LINK_PLACES = frozenset(("trace_id", "run_id", "job_type", "queue", "from", "to"))
"""Of the addresses that the dashboard links to."""
POSTGRES_PARAMETERS = frozenset(
    (
        *("host", "port", "dbname", "database", "user", "password", "passfile", "service"),
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
        *("target_session_attrs", "application_name", "options"),
    )
)
"""Of libpq's, those that our driver knows: it would hand any other on to the database as a setting of the session."""
SSL_MODES = frozenset(("disable", "allow", "prefer", "require", "verify-ca", "verify-full"))
_PLAIN_URL = re.compile(
    r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/%-]*)?", re.IGNORECASE
)
QUOTED = "with %XX for special characters in its parts (%40 for @, %23 for #, %2F for /, %3A for :, %3F for ?)"


def _third_of_lease(known: dict[str, Any]) -> float:
    """Two heartbeats may be lost without the lease."""
    return float(known.get("lease_seconds", 15)) / 3


class Settings(BaseSettings):
    """Units ride in the names."""

    model_config = SettingsConfigDict(env_prefix="JOBS_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    data: Path = Path("data")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    role: Literal["all", "api", "worker"] = "all"
    api_key_file: Path | None = None
    api_key: SecretStr | None = Field(None, validate_default=True)
    public_url: str | None = None
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    modules: Annotated[list[str], NoDecode] = []
    ui: Literal["off", "read", "write"] = "write"

    app: str = Field("default", max_length=255)
    build: str = Field("", max_length=255)

    workers: int = Field(2, ge=0, le=1000)
    worker_concurrency: int = Field(100, ge=1, le=10_000)
    worker_slots: int = Field(2, ge=1, le=1000)

    lease_seconds: float = Field(15, gt=0, le=3600)
    heartbeat_seconds: float = Field(default_factory=_third_of_lease, gt=0, le=1200)
    stop_grace_seconds: float = Field(5, ge=0, le=3600)
    drain_seconds: float = Field(30, ge=0, le=86_400)

    max_body_bytes: int = Field(MIB, ge=1024, le=1024 * MIB)
    max_batch_bytes: int = Field(16 * MIB, ge=1024, le=1024 * MIB)
    max_result_bytes: int = Field(MIB, ge=1024, le=256 * MIB)
    keyring_file: Path | None = None

    http_allow: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    http_deny: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    http_proxy: SecretStr | None = None
    http_ca_file: Path | None = None
    http_concurrency: int = Field(200, ge=1, le=10_000)
    http_per_origin: int = Field(20, ge=1, le=10_000)

    max_wait_seconds: float = Field(60, ge=0, le=3600)
    body_timeout_seconds: float = Field(30, gt=0, le=3600)

    trace_parent: Literal["link", "parent"] = "link"
    ui_trace_url: str | None = Field(None, max_length=2048)
    ui_log_url: str | None = Field(None, max_length=2048)

    metrics_max_series: int = Field(10_000, ge=0, le=1_000_000)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"

    @field_validator("modules", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """`JOBS_MODULES` is a list separated by commas or blanks."""
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        """Without a slash at its end, so that a path can follow."""
        if not value:
            return None
        try:
            parts = urlsplit(value)
            is_plain = _PLAIN_URL.fullmatch(value) is not None and not parts.username and parts.port != 0
        except ValueError:
            is_plain = False
        if not is_plain:
            raise ValueError("must be https://HOST or http://HOST, with a port and a path at most")
        return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"

    @field_validator("ui_trace_url", "ui_log_url")
    @classmethod
    def _template(cls, value: str | None) -> str | None:
        """An address with places in it that the dashboard fills in."""
        if not value:
            return None
        places = set(re.findall(r"\{([^{}]*)\}", value))
        if unknown := sorted(places - LINK_PLACES):
            known = ", ".join(f"{{{name}}}" for name in sorted(LINK_PLACES))
            raise ValueError(f"cannot have {{{unknown[0]}}}: the places may be {known}")
        if not value.startswith(("https://", "http://")) or re.search(r"[\s\x00-\x1f\x7f\"<>\\]", value):
            raise ValueError("must be https://... or http://..., as it is in a browser, with places such as {run_id}")
        return value

    @field_validator("trusted_proxies", "http_allow", "http_deny", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        """A list separated by commas or blanks."""
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(text) for text in value.replace(",", " ").split())
        except ValueError as error:
            raise ValueError(f"must be addresses and networks (10.0.0.0/8), separated by commas: {error}") from None

    @field_validator("http_proxy")
    @classmethod
    def _proxy(cls, value: SecretStr | None) -> SecretStr | None:
        url = value.get_secret_value() if value is not None else ""
        if not url:
            return None
        _check_proxy(url)
        return value

    @field_validator("http_ca_file")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        if value in (None, Path()):
            return None
        import ssl  # a tenth of the start

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
        except ssl.SSLError:
            raise ValueError(f"has no certificate in PEM form: {value}") from None
        except OSError as error:
            raise ValueError(f"cannot be read: {error}") from error
        return value

    @field_validator("heartbeat_seconds")
    @classmethod
    def _within_lease(cls, value: float, info: ValidationInfo) -> float:
        lease_seconds = info.data.get("lease_seconds")
        if lease_seconds is not None and value > lease_seconds / 2:
            raise ValueError(f"must be at most half of JOBS_LEASE_SECONDS ({lease_seconds:g})")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        url = value.get_secret_value() if value is not None else ""
        if not url:
            return None
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://; omit it to use a SQLite file in JOBS_DATA")
        _check_postgres(url)
        return value

    @field_validator("role")
    @classmethod
    def _shared(cls, value: str, info: ValidationInfo) -> str:
        if value != "all" and info.data.get("database_url") is None:
            raise ValueError("must be all without JOBS_DATABASE_URL: a SQLite file can have only one server")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        url = value.get_secret_value() if value is not None else ""
        if not url:
            return None
        if not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        _check_redis(url)
        return value

    @field_validator("api_key")
    @classmethod
    def _not_empty(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """The key itself, or that in its file: a file that is named and has none must not open the server."""
        given = value if value is not None and value.get_secret_value() else None
        path = info.data.get("api_key_file")
        if path in (None, Path()):
            return given
        if given is not None:
            raise ValueError("set this or JOBS_API_KEY_FILE, not both")
        try:
            key = path.read_text().strip()
        except (OSError, UnicodeError) as error:
            raise ValueError(f"JOBS_API_KEY_FILE cannot be read: {error}") from error
        if not key:
            raise ValueError(f"JOBS_API_KEY_FILE is empty: {path}")
        return SecretStr(key)

    @classmethod
    def unknown(cls, environment: Iterable[str]) -> list[str]:
        """Variables that look like settings and are none: most likely misspelt."""
        known = {f"JOBS_{name.upper()}" for name in cls.model_fields} | OF_OTHERS
        return sorted(name for name in environment if name.startswith("JOBS_") and name not in known)

    @property
    def max_report_bytes(self) -> int:
        """A worker's report may carry many results."""
        return 16 * MIB + 2 * self.max_result_bytes

    @property
    def public_origin(self) -> str | None:
        """As a browser tells it (RFC 6454): without a path, and without the scheme's own port."""
        if self.public_url is None:
            return None
        parts = urlsplit(self.public_url)
        port = f":{parts.port}" if parts.port not in (None, OWN_PORTS[parts.scheme]) else ""
        return f"{parts.scheme}://{parts.netloc.removesuffix(f':{parts.port}')}{port}"

    @property
    def public_path(self) -> str:
        """That of the address for others, `/a/b`; empty where it has none."""
        return urlsplit(self.public_url or "").path.rstrip("/")

    @property
    def pool_size(self) -> int:
        return self.workers if self.modules and self.role != "api" else 0

    @property
    def keyring(self) -> Path | None:
        """Beside the SQLite file; servers that share a database must be told where they have the same."""
        if self.keyring_file not in (None, Path()):
            return self.keyring_file
        return self.data / "keyring" if self.database_url is None else None

    @property
    def database(self) -> Path:
        return self.data / "jobs.db"


def messages(error: ValidationError, flags: Collection[str] = ()) -> list[str]:
    """What is wrong with which setting, without its value."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        if item["type"] == "default_factory_not_called":
            continue  # a setting that follows from another one, which is named itself
        name = str(item["loc"][0])
        flag = f" (or --{name})" if name in flags and name != "modules" else ""
        found.append(f"JOBS_{name.upper()}{flag}: {item['msg'].removeprefix('Value error, ')}")
    return found


# What is wrong with an address is never shown: it may be a part of its password.


def _check_postgres(url: str) -> None:
    """Raises ValueError where the driver could not make sense of it."""
    try:
        parts, parameters = _parsed(url)
        ports = _ports_in(parts.netloc.rpartition("@")[2]) + _ports_in(parameters.get("host", ""))
        if not all(0 < int(port) < 65536 for port in [*ports, *parameters.get("port", "").split(",")] if port):
            raise ValueError
    except ValueError:
        raise ValueError(f"must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE, {QUOTED}") from None
    if unknown := sorted(parameters.keys() - POSTGRES_PARAMETERS):
        raise ValueError(
            f"cannot have {', '.join(unknown)}: the parameters may be "
            f"{', '.join(sorted(POSTGRES_PARAMETERS))}; settings of the database are passed in options"
        )
    if parameters.get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"sslmode must be one of {', '.join(sorted(SSL_MODES))}")


def _check_proxy(url: str) -> None:
    """Raises ValueError where it is no proxy to be reached over HTTP."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "http" and parts.hostname and parts.port != 0 and parts.path in ("", "/")
        if not sound or parts.query or parts.fragment or not url.isascii():
            raise ValueError
    except ValueError:
        raise ValueError(f"must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, {QUOTED}") from None


def _check_redis(url: str) -> None:
    """Raises ValueError where the driver could not make sense of it, or would pass over a part of it."""
    from redis.asyncio import from_url  # slow to import

    try:
        parts, _ = _parsed(url)
        if parts.scheme == "unix":
            sound = parts.path.startswith("/")
        else:
            sound = parts.path in ("", "/") or parts.path[1:].isdecimal()
        if not sound:
            raise ValueError
        pool: Any = from_url(url).connection_pool
        pool.make_connection()  # connects to nothing yet
    except Exception:  # noqa: BLE001  # of any kind, by what is wrong
        raise ValueError(
            "must be redis://USER:PASSWORD@HOST:PORT/NUMBER, rediss://... for TLS, or unix:///PATH?db=NUMBER, "
            f"{QUOTED}, and no parameters that redis-py does not know"
        ) from None


def _parsed(url: str) -> tuple[SplitResult, dict[str, str]]:
    """Its parts, and its parameters. Raises ValueError, also where a password looks like the beginning of a path,
    parameter or fragment."""
    parts = urlsplit(url)
    if "#" in url or url.count("@") > min(1, parts.netloc.count("@")):
        raise ValueError
    return parts, dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}


def _ports_in(hosts: str) -> list[str]:
    return [host.rpartition("]")[2].partition(":")[2] for host in hosts.split(",") if not host.startswith("/")]
