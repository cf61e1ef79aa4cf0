from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.actor import Actor





T = TypeVar("T", bound="AuditEntry")



@_attrs_define
class AuditEntry:
    """ One change, and by whom it was made; or requests that were refused, counted by the minute.

        Attributes:
            id (str): The entry's id; newer entries have greater ones.
            time (datetime.datetime): When it was stored; of refused requests the minute.
            actor (Actor | None): The key that it was done with. null: the server itself (a definition declared in code), a
                request without a valid key, or a server without keys.
            action (str): What was done, such as `job_type.update`, `key.revoke` or `run.cancel`; `request.refuse`: a
                request was refused.
            target (None | str): The name or id of what was changed. null: nothing in particular.
            changed (list[str]): The names of the fields that have changed, of an update.
            address (None | str): The network address of the client. null: not over the network.
            outcome (str): `done`, or the code of the error with which requests were refused.
            count (int): How many requests were refused in that minute; of a change always 1.
     """

    id: str
    time: datetime.datetime
    actor: Actor | None
    action: str
    target: None | str
    changed: list[str]
    address: None | str
    outcome: str
    count: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.actor import Actor # noqa: PLC0415
        id = self.id

        time = self.time.isoformat()

        actor: dict[str, Any] | None
        if isinstance(self.actor, Actor):
            actor = self.actor.to_dict()
        else:
            actor = self.actor

        action = self.action

        target: None | str
        target = self.target

        changed = self.changed



        address: None | str
        address = self.address

        outcome = self.outcome

        count = self.count


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "time": time,
            "actor": actor,
            "action": action,
            "target": target,
            "changed": changed,
            "address": address,
            "outcome": outcome,
            "count": count,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.actor import Actor # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        time = datetime.datetime.fromisoformat(d.pop("time"))




        def _parse_actor(data: object) -> Actor | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                actor_type_0 = Actor.from_dict(data)



                return actor_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Actor | None, data)

        actor = _parse_actor(d.pop("actor"))


        action = d.pop("action")

        def _parse_target(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        target = _parse_target(d.pop("target"))


        changed = cast(list[str], d.pop("changed"))


        def _parse_address(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        address = _parse_address(d.pop("address"))


        outcome = d.pop("outcome")

        count = d.pop("count")

        audit_entry = cls(
            id=id,
            time=time,
            actor=actor,
            action=action,
            target=target,
            changed=changed,
            address=address,
            outcome=outcome,
            count=count,
        )


        audit_entry.additional_properties = d
        return audit_entry

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
