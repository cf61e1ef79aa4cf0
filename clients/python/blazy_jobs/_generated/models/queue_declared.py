from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast

if TYPE_CHECKING:
  from ..models.bullmq import Bullmq





T = TypeVar("T", bound="QueueDeclared")



@_attrs_define
class QueueDeclared:
    """ A queue in Redis that is declared in code. `redis` is refused unless it is the server's.

        Attributes:
            name (str): The queue's name.
            engine (Literal['bullmq']): A queue in Redis.
            bullmq (Bullmq | Unset): The settings of a queue in Redis.
            redis (None | str | Unset): The URL of its Redis, at most 1,000 characters; refused if the server uses another.
                null (default): the server's.
     """

    name: str
    engine: Literal['bullmq']
    bullmq: Bullmq | Unset = UNSET
    redis: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.bullmq import Bullmq # noqa: PLC0415
        name = self.name

        engine = self.engine

        bullmq: dict[str, Any] | Unset = UNSET
        if not isinstance(self.bullmq, Unset):
            bullmq = self.bullmq.to_dict()

        redis: None | str | Unset
        if isinstance(self.redis, Unset):
            redis = UNSET
        else:
            redis = self.redis


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
            "engine": engine,
        })
        if bullmq is not UNSET:
            field_dict["bullmq"] = bullmq
        if redis is not UNSET:
            field_dict["redis"] = redis

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bullmq import Bullmq # noqa: PLC0415
        d = dict(src_dict)
        name = d.pop("name")

        engine = cast(Literal['bullmq'] , d.pop("engine"))
        if engine != 'bullmq':
            raise ValueError(f"engine must match const 'bullmq', got '{engine}'")

        _bullmq = d.pop("bullmq", UNSET)
        bullmq: Bullmq | Unset
        if isinstance(_bullmq,  Unset):
            bullmq = UNSET
        else:
            bullmq = Bullmq.from_dict(_bullmq)




        def _parse_redis(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        redis = _parse_redis(d.pop("redis", UNSET))


        queue_declared = cls(
            name=name,
            engine=engine,
            bullmq=bullmq,
            redis=redis,
        )

        return queue_declared

