from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.run_versions import RunVersions





T = TypeVar("T", bound="ListVersions")



@_attrs_define
class ListVersions:
    """ For each list, a number that is another one when the list may have changed: read it again then. Numbers can only be
    compared with each other; after a reconnect to another server all are others.

        Attributes:
            runs (RunVersions): For each state, a number that is another one whenever runs entered, left or changed within
                it.
            errors (int): Another number whenever an attempt failed, or a group of errors was resolved.
            job_types (int): Another number whenever this list may have changed.
            queues (int): Another number whenever this list may have changed.
            schedules (int): Another number whenever this list may have changed.
            workers (int): Another number whenever this list may have changed.
            webhooks (int): Another number whenever this list may have changed.
            bulk (int): Another number whenever this list may have changed.
            servers (int): Another number whenever this list may have changed.
            keys (int | Unset): Another number whenever this list may have changed. Only for keys with the scope `admin`.
            audit (int | Unset): Another number whenever this list may have changed. Only for keys with the scope `admin`.
     """

    runs: RunVersions
    errors: int
    job_types: int
    queues: int
    schedules: int
    workers: int
    webhooks: int
    bulk: int
    servers: int
    keys: int | Unset = UNSET
    audit: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.run_versions import RunVersions # noqa: PLC0415
        runs = self.runs.to_dict()

        errors = self.errors

        job_types = self.job_types

        queues = self.queues

        schedules = self.schedules

        workers = self.workers

        webhooks = self.webhooks

        bulk = self.bulk

        servers = self.servers

        keys = self.keys

        audit = self.audit


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "runs": runs,
            "errors": errors,
            "job_types": job_types,
            "queues": queues,
            "schedules": schedules,
            "workers": workers,
            "webhooks": webhooks,
            "bulk": bulk,
            "servers": servers,
        })
        if keys is not UNSET:
            field_dict["keys"] = keys
        if audit is not UNSET:
            field_dict["audit"] = audit

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_versions import RunVersions # noqa: PLC0415
        d = dict(src_dict)
        runs = RunVersions.from_dict(d.pop("runs"))




        errors = d.pop("errors")

        job_types = d.pop("job_types")

        queues = d.pop("queues")

        schedules = d.pop("schedules")

        workers = d.pop("workers")

        webhooks = d.pop("webhooks")

        bulk = d.pop("bulk")

        servers = d.pop("servers")

        keys = d.pop("keys", UNSET)

        audit = d.pop("audit", UNSET)

        list_versions = cls(
            runs=runs,
            errors=errors,
            job_types=job_types,
            queues=queues,
            schedules=schedules,
            workers=workers,
            webhooks=webhooks,
            bulk=bulk,
            servers=servers,
            keys=keys,
            audit=audit,
        )


        list_versions.additional_properties = d
        return list_versions

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
