from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.bulk import Bulk
from ...models.empty_in import EmptyIn
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    bulk_id: str,
    *,
    body: EmptyIn | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/bulk/{bulk_id}/cancel".format(bulk_id=quote(str(bulk_id), safe=""),),
    }

    
    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Bulk | Problem | None:
    if response.status_code == 200:
        response_200 = Bulk.from_dict(response.json())



        return response_200

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())



        return response_409

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Bulk | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: EmptyIn | Unset = UNSET,

) -> Response[Bulk | Problem]:
    """ Cancel a bulk operation

     What was done stays done. One that has ended is refused.

    Args:
        bulk_id (str):
        body (EmptyIn | Unset): An object without fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Bulk | Problem]
     """


    kwargs = _get_kwargs(
        bulk_id=bulk_id,
body=body,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: EmptyIn | Unset = UNSET,

) -> Bulk | Problem | None:
    """ Cancel a bulk operation

     What was done stays done. One that has ended is refused.

    Args:
        bulk_id (str):
        body (EmptyIn | Unset): An object without fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Bulk | Problem
     """


    return sync_detailed(
        bulk_id=bulk_id,
client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: EmptyIn | Unset = UNSET,

) -> Response[Bulk | Problem]:
    """ Cancel a bulk operation

     What was done stays done. One that has ended is refused.

    Args:
        bulk_id (str):
        body (EmptyIn | Unset): An object without fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Bulk | Problem]
     """


    kwargs = _get_kwargs(
        bulk_id=bulk_id,
body=body,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: EmptyIn | Unset = UNSET,

) -> Bulk | Problem | None:
    """ Cancel a bulk operation

     What was done stays done. One that has ended is refused.

    Args:
        bulk_id (str):
        body (EmptyIn | Unset): An object without fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Bulk | Problem
     """


    return (await asyncio_detailed(
        bulk_id=bulk_id,
client=client,
body=body,

    )).parsed
