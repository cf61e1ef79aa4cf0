from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.bulk import Bulk
from ...models.bulk_in import BulkIn
from ...models.bulk_preview import BulkPreview
from ...models.problem import Problem
from typing import cast



def _get_kwargs(
    *,
    body: BulkIn,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/runs/bulk",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Bulk | BulkPreview | Problem | None:
    if response.status_code == 200:
        response_200 = BulkPreview.from_dict(response.json())



        return response_200

    if response.status_code == 202:
        response_202 = Bulk.from_dict(response.json())



        return response_202

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())



        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())



        return response_403

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

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())



        return response_429

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Bulk | BulkPreview | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: BulkIn,

) -> Response[Bulk | BulkPreview | Problem]:
    """ Do something with all runs that match

     Goes on in the background, also over restarts of the server, with each run at most once. It meets no
    run that is created after it. With `dry_run` it says what would be done, and does nothing.

    Args:
        body (BulkIn): What to do, and with which runs.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Bulk | BulkPreview | Problem]
     """


    kwargs = _get_kwargs(
        body=body,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: BulkIn,

) -> Bulk | BulkPreview | Problem | None:
    """ Do something with all runs that match

     Goes on in the background, also over restarts of the server, with each run at most once. It meets no
    run that is created after it. With `dry_run` it says what would be done, and does nothing.

    Args:
        body (BulkIn): What to do, and with which runs.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Bulk | BulkPreview | Problem
     """


    return sync_detailed(
        client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: BulkIn,

) -> Response[Bulk | BulkPreview | Problem]:
    """ Do something with all runs that match

     Goes on in the background, also over restarts of the server, with each run at most once. It meets no
    run that is created after it. With `dry_run` it says what would be done, and does nothing.

    Args:
        body (BulkIn): What to do, and with which runs.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Bulk | BulkPreview | Problem]
     """


    kwargs = _get_kwargs(
        body=body,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: BulkIn,

) -> Bulk | BulkPreview | Problem | None:
    """ Do something with all runs that match

     Goes on in the background, also over restarts of the server, with each run at most once. It meets no
    run that is created after it. With `dry_run` it says what would be done, and does nothing.

    Args:
        body (BulkIn): What to do, and with which runs.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Bulk | BulkPreview | Problem
     """


    return (await asyncio_detailed(
        client=client,
body=body,

    )).parsed
