"""compose.yaml, Kubernetes manifests, the systemd unit, proxies: whole, hardened, in step with the settings."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blazy_jobs_server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
PODS = ("sqlite.yaml", "postgres.yaml")
UID = 10001
STOP_SECONDS = Settings.model_fields["drain_seconds"].default + 15
"""What docs/operating.md asks for between SIGTERM and SIGKILL."""
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "blazy-jobs"]


def known(names: Iterator[str] | set[str]) -> bool:
    return not Settings.unknown(names)


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()))


def workload(name: str) -> dict[str, Any]:
    return next(item for item in documents(name) if item["kind"] in ("StatefulSet", "Deployment"))


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = workload(name)["spec"]["template"]["spec"]
    return found


# Compose


def test_the_server_alone_is_what_starts_by_itself() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "profiles" not in service] == ["server"]


@pytest.mark.parametrize("name", OURS)
def test_a_composed_server_writes_to_its_data_only_and_can_do_nothing_else(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    mounts = [*service["volumes"], *service["tmpfs"]]
    assert any(re.search(r"(^|:)/data(:|$)", mount) for mount in mounts)
    assert [mount for mount in service["volumes"] if mount.startswith(".") and not mount.endswith(":ro")] == []


@pytest.mark.parametrize("name", OURS)
def test_a_composed_server_has_time_to_drain(name: str) -> None:
    assert int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS


def test_composed_settings_are_settings() -> None:
    for name in OURS:
        assert known(set(COMPOSE["services"][name]["environment"]))


def test_only_servers_and_the_proxy_are_published_and_only_here() -> None:
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert published.keys() == {"server", "proxy"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_named_volumes_and_files_are_there() -> None:
    sources = {mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", [])}
    assert {source for source in sources if not source.startswith(".")} == set(COMPOSE["volumes"])
    assert [
        source for source in sources - {"./handlers"} if source.startswith(".") and not (ROOT / source).exists()
    ] == []


def test_the_proxy_asks_for_the_replicas_by_their_name() -> None:
    assert COMPOSE["services"]["replica"]["scale"] == 3
    assert "dynamic a replica 8000" in (DEPLOY / "Caddyfile").read_text()


# Kubernetes


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_each_manifest_is_a_named_object(path: Path) -> None:
    for item in documents(path.name):
        assert {"apiVersion", "kind"} <= item.keys()
        assert re.fullmatch(r"blazy-jobs(-handlers)?", item["metadata"]["name"])


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_selected_by_its_workload_and_by_the_service(name: str) -> None:
    labels = workload(name)["spec"]["template"]["metadata"]["labels"]
    assert workload(name)["spec"]["selector"]["matchLabels"].items() <= labels.items()
    [service] = documents("service.yaml")
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["ports"][0]["targetPort"] in {port["name"] for port in pod(name)["containers"][0]["ports"]}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_time_to_drain(name: str) -> None:
    container = pod(name)["containers"][0]
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = float(next(item["value"] for item in container["env"] if item["name"] == "JOBS_DRAIN_SECONDS"))
    assert pod(name)["terminationGracePeriodSeconds"] > waits + drain + 15


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_asked_for_what_the_probes_mean(name: str) -> None:
    container = pod(name)["containers"][0]
    asked = {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")}
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_nothing_but_write_to_its_volumes(name: str) -> None:
    found, container = pod(name), pod(name)["containers"][0]
    assert found["securityContext"]["runAsNonRoot"]
    assert {found["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {UID}
    assert f"USER {UID}:{UID}" in (ROOT / "Dockerfile").read_text()
    assert not found["automountServiceAccountToken"]
    assert not found["enableServiceLinks"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", PODS)
def test_a_pods_mounts_are_its_volumes(name: str) -> None:
    claims = [claim["metadata"]["name"] for claim in workload(name)["spec"].get("volumeClaimTemplates", [])]
    volumes = [volume["name"] for volume in pod(name)["volumes"]] + claims
    mounts = {mount["name"]: mount for mount in pod(name)["containers"][0]["volumeMounts"]}
    assert sorted(volumes) == sorted(mounts)
    writable = {mount["mountPath"] for mount in mounts.values() if not mount.get("readOnly")}
    assert writable == {"/data", "/tmp"}
    [handlers] = documents("handlers.yaml")
    assert [handlers["metadata"]["name"]] == [
        volume["configMap"]["name"] for volume in pod(name)["volumes"] if "configMap" in volume
    ]


@pytest.mark.parametrize("name", PODS)
def test_a_pods_settings_are_settings_and_its_key_is_a_mounted_file(name: str) -> None:
    environment = {item["name"]: item for item in pod(name)["containers"][0]["env"]}
    assert known(set(environment))
    [secret] = [volume for volume in pod(name)["volumes"] if "secret" in volume]
    mount = next(m for m in pod(name)["containers"][0]["volumeMounts"] if m["name"] == secret["name"])
    key = f"{mount['mountPath']}/{secret['secret']['items'][0]['path']}"
    assert environment["JOBS_API_KEY_FILE"]["value"] == key
    [handlers] = documents("handlers.yaml")
    assert f"{environment['JOBS_MODULES']['value']}.py" in handlers["data"]


def test_one_pod_on_sqlite_three_on_postgresql() -> None:
    assert (workload("sqlite.yaml")["kind"], workload("sqlite.yaml")["spec"]["replicas"]) == ("StatefulSet", 1)
    assert (workload("postgres.yaml")["kind"], workload("postgres.yaml")["spec"]["replicas"]) == ("Deployment", 3)


def test_the_handlers_are_python() -> None:
    [handlers] = documents("handlers.yaml")
    for text in handlers["data"].values():
        ast.parse(text)


# systemd


def test_the_unit_gives_time_to_drain_and_names_settings() -> None:
    unit = (DEPLOY / "blazy-jobs.service").read_text()
    assert int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[0]) > STOP_SECONDS
    assert {"Type=exec", "KillMode=mixed"} <= set(unit.splitlines())
    assert known(set(re.findall(r"\bJOBS_[A-Z_]*[A-Z]", unit)))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "blazy-jobs.service"
    text = (DEPLOY / "blazy-jobs.service").read_text()
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text, flags=re.MULTILINE))
    said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert str(unit.name) not in said.stderr, said.stderr
    assert said.returncode == 0


# Proxies


def test_the_proxies_take_the_largest_batch() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    [mebibytes] = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(mebibytes) * 1024 * 1024 >= Settings.model_fields["max_batch_bytes"].default
    seconds = {"h": 3600, "m": 60, "s": 1}
    [(number, unit)] = re.findall(r"proxy_read_timeout (\d+)([hms]);", text)
    assert int(number) * seconds[unit] > Settings.model_fields["max_wait_seconds"].default


@pytest.mark.parametrize("path", [*DEPLOY.rglob("*.*"), DEPLOY / "Caddyfile"], ids=lambda path: path.name)
def test_no_file_names_a_setting_that_does_not_exist(path: Path) -> None:
    if path.is_file() and path.suffix != ".pyc":
        assert known(set(re.findall(r"\bJOBS_[A-Z][A-Z_]*[A-Z]\b", path.read_text())))
