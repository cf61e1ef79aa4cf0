from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.run_count import RunCount
from ...models.run_state import check_run_state
from ...models.run_state import RunState
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
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
        "url": "/v1/runs/count",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | RunCount | None:
    if response.status_code == 200:
        response_200 = RunCount.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | RunCount]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
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

) -> Response[Problem | RunCount]:
    """ Count runs

     With the filters of the list. Exact if it filters by nothing but state, job type and queue;
    otherwise up to 10,000.

    Args:
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
        Response[Problem | RunCount]
     """


    kwargs = _get_kwargs(
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

) -> Problem | RunCount | None:
    """ Count runs

     With the filters of the list. Exact if it filters by nothing but state, job type and queue;
    otherwise up to 10,000.

    Args:
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
        Problem | RunCount
     """


    return sync_detailed(
        client=client,
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

) -> Response[Problem | RunCount]:
    """ Count runs

     With the filters of the list. Exact if it filters by nothing but state, job type and queue;
    otherwise up to 10,000.

    Args:
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
        Response[Problem | RunCount]
     """


    kwargs = _get_kwargs(
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

) -> Problem | RunCount | None:
    """ Count runs

     With the filters of the list. Exact if it filters by nothing but state, job type and queue;
    otherwise up to 10,000.

    Args:
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
        Problem | RunCount
     """


    return (await asyncio_detailed(
        client=client,
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
