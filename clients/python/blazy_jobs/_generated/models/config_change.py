from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.config_action import check_config_action
from ..models.config_action import ConfigAction
from ..models.config_kind import check_config_kind
from ..models.config_kind import ConfigKind
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.config_field import ConfigField





T = TypeVar("T", bound="ConfigChange")



@_attrs_define
class ConfigChange:
    """ One job type, queue, schedule or webhook that changes.

        Attributes:
            kind (ConfigKind): What changes.
            name (str): The name of the job type, queue, schedule or webhook.
            action (ConfigAction): How it changes.
            fields (list[ConfigField]): The fields that change.
            secret (str | Unset): Of a new HTTP handler or webhook: the secret that signs its requests. It is not shown
                again.
     """

    kind: ConfigKind
    name: str
    action: ConfigAction
    fields: list[ConfigField]
    secret: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.config_field import ConfigField # noqa: PLC0415
        kind: str = self.kind

        name = self.name

        action: str = self.action

        fields = []
        for fields_item_data in self.fields:
            fields_item = fields_item_data.to_dict()
            fields.append(fields_item)



        secret = self.secret


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "kind": kind,
            "name": name,
            "action": action,
            "fields": fields,
        })
        if secret is not UNSET:
            field_dict["secret"] = secret

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.config_field import ConfigField # noqa: PLC0415
        d = dict(src_dict)
        kind = check_config_kind(d.pop("kind"))




        name = d.pop("name")

        action = check_config_action(d.pop("action"))




        fields = []
        _fields = d.pop("fields")
        for fields_item_data in (_fields):
            fields_item = ConfigField.from_dict(fields_item_data)



            fields.append(fields_item)


        secret = d.pop("secret", UNSET)

        config_change = cls(
            kind=kind,
            name=name,
            action=action,
            fields=fields,
            secret=secret,
        )


        config_change.additional_properties = d
        return config_change

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
