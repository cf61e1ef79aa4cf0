from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="CompletedIn")



@_attrs_define
class CompletedIn:
    """ Runs that were leased under one token and have completed.

        Attributes:
            lease_token (str): The fencing token of their leases.
            attempt (int): The attempt of their leases.
            run_ids (list[str]): The ids of the completed runs, at most 10,000; leases from `data` are allowed too.
            results (list[Any] | None | Unset): The result of each run, as many as `run_ids`, at most 10,000; each at most
                `JOBS_MAX_RESULT_BYTES`: report a run with a longer one by itself. null (default): null for each.
     """

    lease_token: str
    attempt: int
    run_ids: list[str]
    results: list[Any] | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        lease_token = self.lease_token

        attempt = self.attempt

        run_ids = self.run_ids



        results: list[Any] | None | Unset
        if isinstance(self.results, Unset):
            results = UNSET
        elif isinstance(self.results, list):
            results = self.results


        else:
            results = self.results


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "lease_token": lease_token,
            "attempt": attempt,
            "run_ids": run_ids,
        })
        if results is not UNSET:
            field_dict["results"] = results

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        lease_token = d.pop("lease_token")

        attempt = d.pop("attempt")

        run_ids = cast(list[str], d.pop("run_ids"))


        def _parse_results(data: object) -> list[Any] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                results_type_0 = cast(list[Any], data)

                return results_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any] | None | Unset, data)

        results = _parse_results(d.pop("results", UNSET))


        completed_in = cls(
            lease_token=lease_token,
            attempt=attempt,
            run_ids=run_ids,
            results=results,
        )

        return completed_in

