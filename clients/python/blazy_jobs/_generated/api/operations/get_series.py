from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.series import Series
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    step: int | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_from_: str | Unset = UNSET
    if not isinstance(from_, Unset):
        json_from_ = from_.isoformat()
    params["from"] = json_from_

    json_to: str | Unset = UNSET
    if not isinstance(to, Unset):
        json_to = to.isoformat()
    params["to"] = json_to

    params["step"] = step

    params["job_type"] = job_type

    params["queue"] = queue


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/stats/series",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Series | None:
    if response.status_code == 200:
        response_200 = Series.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Series]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    step: int | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,

) -> Response[Problem | Series]:
    """ History: what happened, how deep queues were, and how long runs waited and ran

     Minutes are kept for 48 hours, quarters of an hour for 30 days, days for 400 days: `step_seconds` is
    longer than
    asked for where nothing finer is kept. Up to 200 job types and queues have a history of their own in
    a minute; the
    others are counted together under `_other`. Written every ten seconds.

    Args:
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        step (int | Unset):
        job_type (str | Unset):
        queue (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Series]
     """


    kwargs = _get_kwargs(
        from_=from_,
to=to,
step=step,
job_type=job_type,
queue=queue,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    step: int | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,

) -> Problem | Series | None:
    """ History: what happened, how deep queues were, and how long runs waited and ran

     Minutes are kept for 48 hours, quarters of an hour for 30 days, days for 400 days: `step_seconds` is
    longer than
    asked for where nothing finer is kept. Up to 200 job types and queues have a history of their own in
    a minute; the
    others are counted together under `_other`. Written every ten seconds.

    Args:
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        step (int | Unset):
        job_type (str | Unset):
        queue (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Series
     """


    return sync_detailed(
        client=client,
from_=from_,
to=to,
step=step,
job_type=job_type,
queue=queue,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    step: int | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,

) -> Response[Problem | Series]:
    """ History: what happened, how deep queues were, and how long runs waited and ran

     Minutes are kept for 48 hours, quarters of an hour for 30 days, days for 400 days: `step_seconds` is
    longer than
    asked for where nothing finer is kept. Up to 200 job types and queues have a history of their own in
    a minute; the
    others are counted together under `_other`. Written every ten seconds.

    Args:
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        step (int | Unset):
        job_type (str | Unset):
        queue (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Series]
     """


    kwargs = _get_kwargs(
        from_=from_,
to=to,
step=step,
job_type=job_type,
queue=queue,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    step: int | Unset = UNSET,
    job_type: str | Unset = UNSET,
    queue: str | Unset = UNSET,

) -> Problem | Series | None:
    """ History: what happened, how deep queues were, and how long runs waited and ran

     Minutes are kept for 48 hours, quarters of an hour for 30 days, days for 400 days: `step_seconds` is
    longer than
    asked for where nothing finer is kept. Up to 200 job types and queues have a history of their own in
    a minute; the
    others are counted together under `_other`. Written every ten seconds.

    Args:
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        step (int | Unset):
        job_type (str | Unset):
        queue (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Series
     """


    return (await asyncio_detailed(
        client=client,
from_=from_,
to=to,
step=step,
job_type=job_type,
queue=queue,

    )).parsed
