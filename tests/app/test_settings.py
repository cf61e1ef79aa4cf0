"""The key and its file, and addresses. That settings and docs agree is held in tests/docs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError

from blazy_jobs_server.cli import migrate
from blazy_jobs_server.listening import StartFailed, check_root_key
from blazy_jobs_server.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("JOBS_")]:
        monkeypatch.delenv(name)


def key() -> str | None:
    found = Settings().api_key
    return found.get_secret_value() if found is not None else None


def test_the_key_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("in-a-file\n")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    assert key() == "in-a-file"
    monkeypatch.setenv("JOBS_API_KEY", "")
    assert key() == "in-a-file"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_API_KEY_FILE", "")
    monkeypatch.setenv("JOBS_API_KEY", "")
    assert key() is None
    monkeypatch.setenv("JOBS_API_KEY", "one")
    assert key() == "one"


@pytest.mark.parametrize(
    ("held", "reason"), [(None, "cannot be read"), ("\n", "is empty"), ("\udcff", "cannot be read")]
)
def test_a_file_that_was_named_and_holds_no_key_does_not_open_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str | None, reason: str
) -> None:
    if held is not None:
        (tmp_path / "key").write_text(held, errors="surrogateescape")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ValidationError, match=f"JOBS_API_KEY_FILE {reason}"):
        Settings()


def test_a_key_and_a_file_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("one")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("JOBS_API_KEY", "two")
    with pytest.raises(ValidationError, match="not both"):
        Settings()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql:///jobs",
        "postgres://jobs@h/jobs",
        "postgresql://jobs:s%40cret%23@h:5432/jobs?sslmode=verify-full&sslrootcert=/ca.crt",
        "postgresql://jobs@h1:5432,h2,[::1]:5433/jobs?target_session_attrs=read-write",
        "postgresql://jobs@[::1]/jobs?application_name=x&options=-c%20work_mem%3D8MB",
        "postgresql://jobs@/jobs?host=/run/postgresql&port=5433",
        "postgresql://%2Frun%2Fpostgresql:5433/jobs",
        "postgresql:///jobs?host=h1:5432,h2&user=jobs&password=s%40cret",
    ],
)
def test_an_address_of_postgresql_that_can_be_used(url: str) -> None:
    assert Settings(database_url=url).database_url is not None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *(
            (url, "JOBS_DATABASE_URL: must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
            for url in (
                "postgresql://jobs:hunter2@h:abc/jobs",
                "postgresql://jobs:hunter2@h:99999/jobs",
                "postgresql://jobs:hunter2@h1:5432,h2:x/jobs",
                "postgresql://jobs:hunter2@/jobs?host=h&port=abc",
                "postgresql://jobs:hunter2@/jobs?host=h:abc",
                "postgresql://jobs:hunter2#x@h/jobs",
                "postgresql://jobs:hunter2[x@h/jobs",
                "postgresql://jobs:hunter2/x@h/jobs",
                "postgresql://jobs:12/hunter2@h/jobs",
                "postgresql://jobs:12?hunter2=x@h/jobs",
                "postgresql://jobs:12?hunter2@h/jobs",
                "postgresql://jobs:hunter2@x@h/jobs",
                "postgresql://jobs:hunter2@h/jobs?sslmode",
            )
        ),
        ("postgresql://jobs:hunter2@h/jobs?connect_timeout=5", "JOBS_DATABASE_URL: cannot have connect_timeout"),
        ("postgresql://jobs:hunter2@h/jobs?foo=bar", "JOBS_DATABASE_URL: cannot have foo"),
        ("postgresql://jobs:hunter2@h/jobs?sslmode=on", "JOBS_DATABASE_URL: sslmode must be one of allow"),
        ("mysql://jobs:hunter2@h/jobs", "JOBS_DATABASE_URL: must begin with postgresql://"),
    ],
)
def test_an_address_of_postgresql_that_cannot_be_used_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, reason: str
) -> None:
    monkeypatch.setenv("JOBS_DATABASE_URL", url)
    assert refused(capsys).startswith(reason)


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://h:6379/3",
        "redis://:s%40cret@h?db=3",
        "rediss://h/?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1&password=x",
    ],
)
def test_an_address_of_redis_that_can_be_used(url: str) -> None:
    assert Settings(redis_url=url).redis_url is not None


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@h:abc",
        "redis://:hunter2@h:99999",
        "redis://:hunter2@h/abc",
        "redis://:hunter2@h?foo=bar",
        "redis://:hunter2@h?db=a",
        "redis://:hunter2@h?ssl_ca_certs=/ca.crt",
        "redis://u:12#hunter2@h",
        "redis://u:12?hunter2@h",
        "redis://u:12/hunter2@h",
        "redis://u:hunter2[@h",
        "unix://hunter2",
    ],
)
def test_an_address_of_redis_that_cannot_be_used_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("JOBS_REDIS_URL", url)
    assert refused(capsys).startswith("JOBS_REDIS_URL: must be redis://USER:PASSWORD@HOST:PORT/NUMBER")


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says to settings that cannot be used."""
    with pytest.raises(typer.Exit) as ended:
        migrate(data=None)
    assert ended.value.exit_code == 2
    said = capsys.readouterr().err
    assert "hunter2" not in said
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize(
    ("given", "url", "origin"),
    [
        ("https://jobs.example.com", "https://jobs.example.com", "https://jobs.example.com"),
        ("HTTPS://Jobs.Example.com:443/", "https://jobs.example.com:443", "https://jobs.example.com"),
        ("http://10.0.0.1:8080/a/b/", "http://10.0.0.1:8080/a/b", "http://10.0.0.1:8080"),
        ("http://[::1]:80", "http://[::1]:80", "http://[::1]"),
        ("", None, None),
    ],
)
def test_a_public_address_has_an_origin(given: str, url: str | None, origin: str | None) -> None:
    settings = Settings(public_url=given)
    assert (settings.public_url, settings.public_origin) == (url, origin)


@pytest.mark.parametrize(
    "url",
    [
        *("jobs.example.com", "ftp://a", "https://", "https://u@a", "https://a?b", "https://a#b", "https://a b"),
        *("http://a:x", "http://a:99999", "http://a:0", "https://a\n"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must be https://HOST"):
        Settings(public_url=url)


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1 ::1,fd00::/8")
    found = Settings().trusted_proxies
    assert [str(network) for network in found] == ["10.0.0.0/8", "127.0.0.1/32", "::1/128", "fd00::/8"]


@pytest.mark.parametrize("given", ["proxy", "10.0.0.1/8", "10.0.0.0/33", "1.2.3"])
def test_what_is_no_network_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="must be addresses and networks"):
        Settings(trusted_proxies=given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "key", "good"),
    [
        ("127.0.0.1", "short", True),
        ("::1", "short", True),
        ("0.0.0.0", "x" * 15, False),
        ("0.0.0.0", "é" * 15, False),
        ("0.0.0.0", "x" * 16, True),
        ("0.0.0.0", None, True),
    ],
)
def test_a_short_root_key_is_for_loopback_only(host: str, key: str | None, good: bool) -> None:
    settings = Settings(host=host, api_key=key)  # type: ignore[arg-type]
    if good:
        check_root_key(settings)
    else:
        with pytest.raises(StartFailed, match=f"fewer than 16 characters.*{host}"):
            check_root_key(settings)


def test_networks_that_may_be_posted_to_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_HTTP_ALLOW", "10.1.0.0/16, fd00::/8 192.0.2.7")
    monkeypatch.setenv("JOBS_HTTP_DENY", "")
    assert [str(network) for network in Settings().http_allow] == ["10.1.0.0/16", "fd00::/8", "192.0.2.7/32"]
    assert not Settings().http_deny
    monkeypatch.setenv("JOBS_HTTP_DENY", "10.1.0.1/16")
    with pytest.raises(ValidationError, match="must be addresses and networks"):
        Settings()


@pytest.mark.parametrize("url", ["http://proxy:3128", "http://u%40:p%2F@10.0.0.1:8080/", "http://[::1]:1", ""])
def test_a_proxy_is_reached_over_http(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("JOBS_HTTP_PROXY", url)
    found = Settings().http_proxy
    assert (found.get_secret_value() if found is not None else "") == url


@pytest.mark.parametrize(
    "url", ["proxy:3128", "https://proxy", "socks5://x", "http://", "http://a:b", "http://a/secret"]
)
def test_what_is_no_proxy_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("JOBS_HTTP_PROXY", url)
    with pytest.raises(ValidationError, match="must be http://HOST:PORT") as caught:
        Settings()
    assert "secret" not in caught.value.errors()[0]["msg"]


def test_certificates_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ca.pem"
    monkeypatch.setenv("JOBS_HTTP_CA_FILE", str(path))
    with pytest.raises(ValidationError, match="cannot be read"):
        Settings()
    path.write_text("nothing")
    with pytest.raises(ValidationError, match="has no certificate"):
        Settings()
    monkeypatch.setenv("JOBS_HTTP_CA_FILE", "")
    assert Settings().http_ca_file is None
