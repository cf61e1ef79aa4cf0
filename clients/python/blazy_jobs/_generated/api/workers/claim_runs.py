from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.claim_in import ClaimIn
from ...models.leases import Leases
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    worker_id: str,
    *,
    body: ClaimIn | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/workers/{worker_id}/claim".format(worker_id=quote(str(worker_id), safe=""),),
    }

    
    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | Leases | Problem | None:
    if response.status_code == 200:
        response_200 = Leases.from_dict(response.json())



        return response_200

    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())



        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())



        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())



        return response_404

    if response.status_code == 408:
        response_408 = Problem.from_dict(response.json())



        return response_408

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())



        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())



        return response_415

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | Leases | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    worker_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ClaimIn | Unset = UNSET,

) -> Response[Any | Leases | Problem]:
    """ Claim runs, waiting until there is one

     Returns due runs of the job types and queues that this worker serves, by priority, oldest first.
    Each is leased to this worker; reports renew the leases. A worker sends one claim at a time.

    Args:
        worker_id (str):
        body (ClaimIn | Unset): How many runs to claim, and how long to wait for the first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Leases | Problem]
     """


    kwargs = _get_kwargs(
        worker_id=worker_id,
body=body,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    worker_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ClaimIn | Unset = UNSET,

) -> Any | Leases | Problem | None:
    """ Claim runs, waiting until there is one

     Returns due runs of the job types and queues that this worker serves, by priority, oldest first.
    Each is leased to this worker; reports renew the leases. A worker sends one claim at a time.

    Args:
        worker_id (str):
        body (ClaimIn | Unset): How many runs to claim, and how long to wait for the first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Leases | Problem
     """


    return sync_detailed(
        worker_id=worker_id,
client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    worker_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ClaimIn | Unset = UNSET,

) -> Response[Any | Leases | Problem]:
    """ Claim runs, waiting until there is one

     Returns due runs of the job types and queues that this worker serves, by priority, oldest first.
    Each is leased to this worker; reports renew the leases. A worker sends one claim at a time.

    Args:
        worker_id (str):
        body (ClaimIn | Unset): How many runs to claim, and how long to wait for the first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Leases | Problem]
     """


    kwargs = _get_kwargs(
        worker_id=worker_id,
body=body,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    worker_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ClaimIn | Unset = UNSET,

) -> Any | Leases | Problem | None:
    """ Claim runs, waiting until there is one

     Returns due runs of the job types and queues that this worker serves, by priority, oldest first.
    Each is leased to this worker; reports renew the leases. A worker sends one claim at a time.

    Args:
        worker_id (str):
        body (ClaimIn | Unset): How many runs to claim, and how long to wait for the first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Leases | Problem
     """


    return (await asyncio_detailed(
        worker_id=worker_id,
client=client,
body=body,

    )).parsed
