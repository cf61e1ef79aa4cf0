from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.log_word import LogWord
  from ..models.progress_word import ProgressWord





T = TypeVar("T", bound="SaidIn")



@_attrs_define
class SaidIn:
    """ Progress and log lines of runs that were leased under one token.

        Attributes:
            lease_token (str): The fencing token of their leases.
            attempt (int): The attempt of their leases.
            run_ids (list[str]): The ids of the runs, at most 10,000; leases from `data` are allowed too.
            words (list[list[Any] | list[LogWord | ProgressWord]]): For each run, at most 10,000, its progress and log lines
                in order: reports without `run_id`, `attempt` and `lease_token`. An invalid one is rejected by itself.
            before (list[int] | None | Unset): For each run, at most 10,000, how many words of it were sent in `said` of
                earlier calls. A call that is repeated because its answer was lost then writes no word twice. null (default):
                unknown.
     """

    lease_token: str
    attempt: int
    run_ids: list[str]
    words: list[list[Any] | list[LogWord | ProgressWord]]
    before: list[int] | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.log_word import LogWord # noqa: PLC0415
        from ..models.progress_word import ProgressWord # noqa: PLC0415
        lease_token = self.lease_token

        attempt = self.attempt

        run_ids = self.run_ids



        words = []
        for words_item_data in self.words:
            words_item: list[Any] | list[dict[str, Any]]
            if isinstance(words_item_data, list):
                words_item = []
                for words_item_type_0_item_data in words_item_data:
                    words_item_type_0_item: dict[str, Any]
                    if isinstance(words_item_type_0_item_data, ProgressWord):
                        words_item_type_0_item = words_item_type_0_item_data.to_dict()
                    else:
                        words_item_type_0_item = words_item_type_0_item_data.to_dict()

                    words_item.append(words_item_type_0_item)


            else:
                words_item = words_item_data



            words.append(words_item)



        before: list[int] | None | Unset
        if isinstance(self.before, Unset):
            before = UNSET
        elif isinstance(self.before, list):
            before = self.before


        else:
            before = self.before


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "lease_token": lease_token,
            "attempt": attempt,
            "run_ids": run_ids,
            "words": words,
        })
        if before is not UNSET:
            field_dict["before"] = before

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.log_word import LogWord # noqa: PLC0415
        from ..models.progress_word import ProgressWord # noqa: PLC0415
        d = dict(src_dict)
        lease_token = d.pop("lease_token")

        attempt = d.pop("attempt")

        run_ids = cast(list[str], d.pop("run_ids"))


        words = []
        _words = d.pop("words")
        for words_item_data in (_words):
            def _parse_words_item(data: object) -> list[Any] | list[LogWord | ProgressWord]:
                try:
                    if not isinstance(data, list):
                        raise TypeError()
                    words_item_type_0 = []
                    _words_item_type_0 = data
                    for words_item_type_0_item_data in (_words_item_type_0):
                        def _parse_words_item_type_0_item(data: object) -> LogWord | ProgressWord:
                            try:
                                if not isinstance(data, dict):
                                    raise TypeError()
                                componentsschemas_word_type_0 = ProgressWord.from_dict(data)



                                return componentsschemas_word_type_0
                            except (TypeError, ValueError, AttributeError, KeyError):
                                pass
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_word_type_1 = LogWord.from_dict(data)



                            return componentsschemas_word_type_1

                        words_item_type_0_item = _parse_words_item_type_0_item(words_item_type_0_item_data)

                        words_item_type_0.append(words_item_type_0_item)

                    return words_item_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, list):
                    raise TypeError()
                words_item_type_1 = cast(list[Any], data)

                return words_item_type_1

            words_item = _parse_words_item(words_item_data)

            words.append(words_item)


        def _parse_before(data: object) -> list[int] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                before_type_0 = cast(list[int], data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[int] | None | Unset, data)

        before = _parse_before(d.pop("before", UNSET))


        said_in = cls(
            lease_token=lease_token,
            attempt=attempt,
            run_ids=run_ids,
            words=words,
            before=before,
        )

        return said_in

