from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.bulk import Bulk
from ...models.problem import Problem
from typing import cast



def _get_kwargs(
    bulk_id: str,

) -> dict[str, Any]:
    

    

    

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/bulk/{bulk_id}".format(bulk_id=quote(str(bulk_id), safe=""),),
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Bulk | Problem | None:
    if response.status_code == 200:
        response_200 = Bulk.from_dict(response.json())



        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())



        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())



        return response_404

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

) -> Response[Bulk | Problem]:
    """ Read a bulk operation

     To follow how far it is, read it again.

    Args:
        bulk_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Bulk | Problem]
     """


    kwargs = _get_kwargs(
        bulk_id=bulk_id,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,

) -> Bulk | Problem | None:
    """ Read a bulk operation

     To follow how far it is, read it again.

    Args:
        bulk_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Bulk | Problem
     """


    return sync_detailed(
        bulk_id=bulk_id,
client=client,

    ).parsed

async def asyncio_detailed(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,

) -> Response[Bulk | Problem]:
    """ Read a bulk operation

     To follow how far it is, read it again.

    Args:
        bulk_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Bulk | Problem]
     """


    kwargs = _get_kwargs(
        bulk_id=bulk_id,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    bulk_id: str,
    *,
    client: AuthenticatedClient | Client,

) -> Bulk | Problem | None:
    """ Read a bulk operation

     To follow how far it is, read it again.

    Args:
        bulk_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Bulk | Problem
     """


    return (await asyncio_detailed(
        bulk_id=bulk_id,
client=client,

    )).parsed
