from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.config_change import ConfigChange





T = TypeVar("T", bound="ConfigDifference")



@_attrs_define
class ConfigDifference:
    """ What applying changed, or would change.

        Attributes:
            owner (str): Who applied it.
            dry_run (bool): Whether nothing was written.
            changes (list[ConfigChange]): What changes, in the order of the document; removals last. Empty if nothing does.
            unchanged (int): How many things in the document are already as it says.
     """

    owner: str
    dry_run: bool
    changes: list[ConfigChange]
    unchanged: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.config_change import ConfigChange # noqa: PLC0415
        owner = self.owner

        dry_run = self.dry_run

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)



        unchanged = self.unchanged


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "owner": owner,
            "dry_run": dry_run,
            "changes": changes,
            "unchanged": unchanged,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.config_change import ConfigChange # noqa: PLC0415
        d = dict(src_dict)
        owner = d.pop("owner")

        dry_run = d.pop("dry_run")

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in (_changes):
            changes_item = ConfigChange.from_dict(changes_item_data)



            changes.append(changes_item)


        unchanged = d.pop("unchanged")

        config_difference = cls(
            owner=owner,
            dry_run=dry_run,
            changes=changes,
            unchanged=unchanged,
        )


        config_difference.additional_properties = d
        return config_difference

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
