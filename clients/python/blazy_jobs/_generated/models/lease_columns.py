from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.lease_columns_metadata_item import LeaseColumnsMetadataItem





T = TypeVar("T", bound="LeaseColumns")



@_attrs_define
class LeaseColumns:
    """ Runs of one job type and queue in their first attempt, leased together. The lists are as long as `run_ids`.

        Attributes:
            job_type (str): The job type of all runs.
            job_type_version (int): The version of its definition.
            queue (str): The queue of all runs.
            attempt (int): The number of this attempt: always 1; retries are returned in `data`.
            max_attempts (int): Maximum number of attempts of each run, including the first.
            timeout_seconds (float): Time limit of each run's attempt in seconds.
            lease_token (str): The fencing token of all these leases; send it with each report.
            lease_until (datetime.datetime): When the leases expire; a report request renews those of the runs that it
                names.
            deadline_at (datetime.datetime): When the server revokes the leases in any case: the claim, plus the timeout,
                plus 15 seconds.
            run_ids (list[str]): The ids of the runs, at least one, in the order in which to start them.
            payloads (list[Any]): The payload of each run.
            tags (list[list[str]] | Unset): The tags of each run. Omitted if none has any.
            metadata (list[LeaseColumnsMetadataItem] | Unset): The metadata of each run. Omitted if none has any.
     """

    job_type: str
    job_type_version: int
    queue: str
    attempt: int
    max_attempts: int
    timeout_seconds: float
    lease_token: str
    lease_until: datetime.datetime
    deadline_at: datetime.datetime
    run_ids: list[str]
    payloads: list[Any]
    tags: list[list[str]] | Unset = UNSET
    metadata: list[LeaseColumnsMetadataItem] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.lease_columns_metadata_item import LeaseColumnsMetadataItem # noqa: PLC0415
        job_type = self.job_type

        job_type_version = self.job_type_version

        queue = self.queue

        attempt = self.attempt

        max_attempts = self.max_attempts

        timeout_seconds = self.timeout_seconds

        lease_token = self.lease_token

        lease_until = self.lease_until.isoformat()

        deadline_at = self.deadline_at.isoformat()

        run_ids = self.run_ids



        payloads = self.payloads



        tags: list[list[str]] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = []
            for tags_item_data in self.tags:
                tags_item = tags_item_data


                tags.append(tags_item)



        metadata: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = []
            for metadata_item_data in self.metadata:
                metadata_item = metadata_item_data.to_dict()
                metadata.append(metadata_item)




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "job_type": job_type,
            "job_type_version": job_type_version,
            "queue": queue,
            "attempt": attempt,
            "max_attempts": max_attempts,
            "timeout_seconds": timeout_seconds,
            "lease_token": lease_token,
            "lease_until": lease_until,
            "deadline_at": deadline_at,
            "run_ids": run_ids,
            "payloads": payloads,
        })
        if tags is not UNSET:
            field_dict["tags"] = tags
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lease_columns_metadata_item import LeaseColumnsMetadataItem # noqa: PLC0415
        d = dict(src_dict)
        job_type = d.pop("job_type")

        job_type_version = d.pop("job_type_version")

        queue = d.pop("queue")

        attempt = d.pop("attempt")

        max_attempts = d.pop("max_attempts")

        timeout_seconds = d.pop("timeout_seconds")

        lease_token = d.pop("lease_token")

        lease_until = datetime.datetime.fromisoformat(d.pop("lease_until"))




        deadline_at = datetime.datetime.fromisoformat(d.pop("deadline_at"))




        run_ids = cast(list[str], d.pop("run_ids"))


        payloads = cast(list[Any], d.pop("payloads"))


        _tags = d.pop("tags", UNSET)
        tags: list[list[str]] | Unset = UNSET
        if _tags is not UNSET:
            tags = []
            for tags_item_data in _tags:
                tags_item = cast(list[str], tags_item_data)

                tags.append(tags_item)


        _metadata = d.pop("metadata", UNSET)
        metadata: list[LeaseColumnsMetadataItem] | Unset = UNSET
        if _metadata is not UNSET:
            metadata = []
            for metadata_item_data in _metadata:
                metadata_item = LeaseColumnsMetadataItem.from_dict(metadata_item_data)



                metadata.append(metadata_item)


        lease_columns = cls(
            job_type=job_type,
            job_type_version=job_type_version,
            queue=queue,
            attempt=attempt,
            max_attempts=max_attempts,
            timeout_seconds=timeout_seconds,
            lease_token=lease_token,
            lease_until=lease_until,
            deadline_at=deadline_at,
            run_ids=run_ids,
            payloads=payloads,
            tags=tags,
            metadata=metadata,
        )


        lease_columns.additional_properties = d
        return lease_columns

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
