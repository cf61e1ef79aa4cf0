from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.error_group_page import ErrorGroupPage
from ...models.list_errors_state import check_list_errors_state
from ...models.list_errors_state import ListErrorsState
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    state: ListErrorsState | Unset = 'failed',
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    group: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state

    params["state"] = json_state

    params["job_type"] = job_type

    params["queue"] = queue

    params["group"] = group

    params["limit"] = limit

    params["cursor"] = cursor


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/errors",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorGroupPage | Problem | None:
    if response.status_code == 200:
        response_200 = ErrorGroupPage.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ErrorGroupPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    state: ListErrorsState | Unset = 'failed',
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    group: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> Response[ErrorGroupPage | Problem]:
    """ List groups of errors, the last failed first

     Failed runs as work to be done: of a thousand failures of one kind it is one piece. A run leaves its
    group when it is resolved (`POST /v1/runs/{run_id}/resolve`), replayed, erased or past its
    retention. Its runs: `GET /v1/runs?error_group=`.

    Args:
        state (ListErrorsState | Unset):  Default: 'failed'.
        job_type (str | Unset):
        queue (str | Unset):
        group (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorGroupPage | Problem]
     """


    kwargs = _get_kwargs(
        state=state,
job_type=job_type,
queue=queue,
group=group,
limit=limit,
cursor=cursor,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    state: ListErrorsState | Unset = 'failed',
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    group: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> ErrorGroupPage | Problem | None:
    """ List groups of errors, the last failed first

     Failed runs as work to be done: of a thousand failures of one kind it is one piece. A run leaves its
    group when it is resolved (`POST /v1/runs/{run_id}/resolve`), replayed, erased or past its
    retention. Its runs: `GET /v1/runs?error_group=`.

    Args:
        state (ListErrorsState | Unset):  Default: 'failed'.
        job_type (str | Unset):
        queue (str | Unset):
        group (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorGroupPage | Problem
     """


    return sync_detailed(
        client=client,
state=state,
job_type=job_type,
queue=queue,
group=group,
limit=limit,
cursor=cursor,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    state: ListErrorsState | Unset = 'failed',
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    group: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> Response[ErrorGroupPage | Problem]:
    """ List groups of errors, the last failed first

     Failed runs as work to be done: of a thousand failures of one kind it is one piece. A run leaves its
    group when it is resolved (`POST /v1/runs/{run_id}/resolve`), replayed, erased or past its
    retention. Its runs: `GET /v1/runs?error_group=`.

    Args:
        state (ListErrorsState | Unset):  Default: 'failed'.
        job_type (str | Unset):
        queue (str | Unset):
        group (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorGroupPage | Problem]
     """


    kwargs = _get_kwargs(
        state=state,
job_type=job_type,
queue=queue,
group=group,
limit=limit,
cursor=cursor,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    state: ListErrorsState | Unset = 'failed',
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,
    group: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> ErrorGroupPage | Problem | None:
    """ List groups of errors, the last failed first

     Failed runs as work to be done: of a thousand failures of one kind it is one piece. A run leaves its
    group when it is resolved (`POST /v1/runs/{run_id}/resolve`), replayed, erased or past its
    retention. Its runs: `GET /v1/runs?error_group=`.

    Args:
        state (ListErrorsState | Unset):  Default: 'failed'.
        job_type (str | Unset):
        queue (str | Unset):
        group (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorGroupPage | Problem
     """


    return (await asyncio_detailed(
        client=client,
state=state,
job_type=job_type,
queue=queue,
group=group,
limit=limit,
cursor=cursor,

    )).parsed
