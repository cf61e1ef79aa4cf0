from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.run_page import RunPage
from ...models.run_state import check_run_state
from ...models.run_state import RunState
from ...types import UNSET, Unset
from typing import cast
from typing import Literal, cast
import datetime



def _get_kwargs(
    *,
    fields: Literal['brief'] | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    id: list[str] | Unset = UNSET,
    state: list[RunState] | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    tag: str | Unset = UNSET,
    schedule: str | Unset = UNSET,
    error_code: str | Unset = UNSET,
    error_group: str | Unset = UNSET,
    resolved: bool | Unset = UNSET,
    worker_id: str | Unset = UNSET,
    attempt_min: int | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    finished_after: datetime.datetime | Unset = UNSET,
    finished_before: datetime.datetime | Unset = UNSET,
    q: str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["fields"] = fields

    params["limit"] = limit

    params["cursor"] = cursor

    json_id: list[str] | Unset = UNSET
    if not isinstance(id, Unset):
        json_id = id


    params["id"] = json_id

    json_state: list[str] | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = []
        for state_item_data in state:
            state_item: str = state_item_data
            json_state.append(state_item)


    params["state"] = json_state

    params["job_type"] = job_type

    params["queue"] = queue

    params["tag"] = tag

    params["schedule"] = schedule

    params["error_code"] = error_code

    params["error_group"] = error_group

    params["resolved"] = resolved

    params["worker_id"] = worker_id

    params["attempt_min"] = attempt_min

    json_created_after: str | Unset = UNSET
    if not isinstance(created_after, Unset):
        json_created_after = created_after.isoformat()
    params["created_after"] = json_created_after

    json_created_before: str | Unset = UNSET
    if not isinstance(created_before, Unset):
        json_created_before = created_before.isoformat()
    params["created_before"] = json_created_before

    json_finished_after: str | Unset = UNSET
    if not isinstance(finished_after, Unset):
        json_finished_after = finished_after.isoformat()
    params["finished_after"] = json_finished_after

    json_finished_before: str | Unset = UNSET
    if not isinstance(finished_before, Unset):
        json_finished_before = finished_before.isoformat()
    params["finished_before"] = json_finished_before

    params["q"] = q


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/runs",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | RunPage | None:
    if response.status_code == 200:
        response_200 = RunPage.from_dict(response.json())



        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())



        return response_403

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())



        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())



        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | RunPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    fields: Literal['brief'] | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    id: list[str] | Unset = UNSET,
    state: list[RunState] | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    tag: str | Unset = UNSET,
    schedule: str | Unset = UNSET,
    error_code: str | Unset = UNSET,
    error_group: str | Unset = UNSET,
    resolved: bool | Unset = UNSET,
    worker_id: str | Unset = UNSET,
    attempt_min: int | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    finished_after: datetime.datetime | Unset = UNSET,
    finished_before: datetime.datetime | Unset = UNSET,
    q: str | Unset = UNSET,

) -> Response[Problem | RunPage]:
    """ List runs, newest first

     Filters are combined with AND. A page ends early at 4 MiB; continue with `next_cursor` until it is
    null. A search for text (`q`) looks at the newest 100,000 runs that the other filters leave, or for
    200 ms, whichever ends first, and says in `searched` how far it has come; it does not find what is
    redacted for the key.

    Args:
        fields (Literal['brief'] | Unset): `brief`: without payload, result and metadata.
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.
        id (list[str] | Unset):
        state (list[RunState] | Unset):
        job_type (str | Unset):
        queue (str | Unset):
        tag (str | Unset):
        schedule (str | Unset):
        error_code (str | Unset):
        error_group (str | Unset):
        resolved (bool | Unset):
        worker_id (str | Unset):
        attempt_min (int | Unset):
        created_after (datetime.datetime | Unset):
        created_before (datetime.datetime | Unset):
        finished_after (datetime.datetime | Unset):
        finished_before (datetime.datetime | Unset):
        q (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | RunPage]
     """


    kwargs = _get_kwargs(
        fields=fields,
limit=limit,
cursor=cursor,
id=id,
state=state,
job_type=job_type,
queue=queue,
tag=tag,
schedule=schedule,
error_code=error_code,
error_group=error_group,
resolved=resolved,
worker_id=worker_id,
attempt_min=attempt_min,
created_after=created_after,
created_before=created_before,
finished_after=finished_after,
finished_before=finished_before,
q=q,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    fields: Literal['brief'] | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    id: list[str] | Unset = UNSET,
    state: list[RunState] | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    tag: str | Unset = UNSET,
    schedule: str | Unset = UNSET,
    error_code: str | Unset = UNSET,
    error_group: str | Unset = UNSET,
    resolved: bool | Unset = UNSET,
    worker_id: str | Unset = UNSET,
    attempt_min: int | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    finished_after: datetime.datetime | Unset = UNSET,
    finished_before: datetime.datetime | Unset = UNSET,
    q: str | Unset = UNSET,

) -> Problem | RunPage | None:
    """ List runs, newest first

     Filters are combined with AND. A page ends early at 4 MiB; continue with `next_cursor` until it is
    null. A search for text (`q`) looks at the newest 100,000 runs that the other filters leave, or for
    200 ms, whichever ends first, and says in `searched` how far it has come; it does not find what is
    redacted for the key.

    Args:
        fields (Literal['brief'] | Unset): `brief`: without payload, result and metadata.
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.
        id (list[str] | Unset):
        state (list[RunState] | Unset):
        job_type (str | Unset):
        queue (str | Unset):
        tag (str | Unset):
        schedule (str | Unset):
        error_code (str | Unset):
        error_group (str | Unset):
        resolved (bool | Unset):
        worker_id (str | Unset):
        attempt_min (int | Unset):
        created_after (datetime.datetime | Unset):
        created_before (datetime.datetime | Unset):
        finished_after (datetime.datetime | Unset):
        finished_before (datetime.datetime | Unset):
        q (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | RunPage
     """


    return sync_detailed(
        client=client,
fields=fields,
limit=limit,
cursor=cursor,
id=id,
state=state,
job_type=job_type,
queue=queue,
tag=tag,
schedule=schedule,
error_code=error_code,
error_group=error_group,
resolved=resolved,
worker_id=worker_id,
attempt_min=attempt_min,
created_after=created_after,
created_before=created_before,
finished_after=finished_after,
finished_before=finished_before,
q=q,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    fields: Literal['brief'] | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    id: list[str] | Unset = UNSET,
    state: list[RunState] | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    tag: str | Unset = UNSET,
    schedule: str | Unset = UNSET,
    error_code: str | Unset = UNSET,
    error_group: str | Unset = UNSET,
    resolved: bool | Unset = UNSET,
    worker_id: str | Unset = UNSET,
    attempt_min: int | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    finished_after: datetime.datetime | Unset = UNSET,
    finished_before: datetime.datetime | Unset = UNSET,
    q: str | Unset = UNSET,

) -> Response[Problem | RunPage]:
    """ List runs, newest first

     Filters are combined with AND. A page ends early at 4 MiB; continue with `next_cursor` until it is
    null. A search for text (`q`) looks at the newest 100,000 runs that the other filters leave, or for
    200 ms, whichever ends first, and says in `searched` how far it has come; it does not find what is
    redacted for the key.

    Args:
        fields (Literal['brief'] | Unset): `brief`: without payload, result and metadata.
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.
        id (list[str] | Unset):
        state (list[RunState] | Unset):
        job_type (str | Unset):
        queue (str | Unset):
        tag (str | Unset):
        schedule (str | Unset):
        error_code (str | Unset):
        error_group (str | Unset):
        resolved (bool | Unset):
        worker_id (str | Unset):
        attempt_min (int | Unset):
        created_after (datetime.datetime | Unset):
        created_before (datetime.datetime | Unset):
        finished_after (datetime.datetime | Unset):
        finished_before (datetime.datetime | Unset):
        q (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | RunPage]
     """


    kwargs = _get_kwargs(
        fields=fields,
limit=limit,
cursor=cursor,
id=id,
state=state,
job_type=job_type,
queue=queue,
tag=tag,
schedule=schedule,
error_code=error_code,
error_group=error_group,
resolved=resolved,
worker_id=worker_id,
attempt_min=attempt_min,
created_after=created_after,
created_before=created_before,
finished_after=finished_after,
finished_before=finished_before,
q=q,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    fields: Literal['brief'] | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    id: list[str] | Unset = UNSET,
    state: list[RunState] | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    tag: str | Unset = UNSET,
    schedule: str | Unset = UNSET,
    error_code: str | Unset = UNSET,
    error_group: str | Unset = UNSET,
    resolved: bool | Unset = UNSET,
    worker_id: str | Unset = UNSET,
    attempt_min: int | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    finished_after: datetime.datetime | Unset = UNSET,
    finished_before: datetime.datetime | Unset = UNSET,
    q: str | Unset = UNSET,

) -> Problem | RunPage | None:
    """ List runs, newest first

     Filters are combined with AND. A page ends early at 4 MiB; continue with `next_cursor` until it is
    null. A search for text (`q`) looks at the newest 100,000 runs that the other filters leave, or for
    200 ms, whichever ends first, and says in `searched` how far it has come; it does not find what is
    redacted for the key.

    Args:
        fields (Literal['brief'] | Unset): `brief`: without payload, result and metadata.
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.
        id (list[str] | Unset):
        state (list[RunState] | Unset):
        job_type (str | Unset):
        queue (str | Unset):
        tag (str | Unset):
        schedule (str | Unset):
        error_code (str | Unset):
        error_group (str | Unset):
        resolved (bool | Unset):
        worker_id (str | Unset):
        attempt_min (int | Unset):
        created_after (datetime.datetime | Unset):
        created_before (datetime.datetime | Unset):
        finished_after (datetime.datetime | Unset):
        finished_before (datetime.datetime | Unset):
        q (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | RunPage
     """


    return (await asyncio_detailed(
        client=client,
fields=fields,
limit=limit,
cursor=cursor,
id=id,
state=state,
job_type=job_type,
queue=queue,
tag=tag,
schedule=schedule,
error_code=error_code,
error_group=error_group,
resolved=resolved,
worker_id=worker_id,
attempt_min=attempt_min,
created_after=created_after,
created_before=created_before,
finished_after=finished_after,
finished_before=finished_before,
q=q,

    )).parsed
