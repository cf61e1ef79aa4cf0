from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.delivery_page import DeliveryPage
from ...models.delivery_state import check_delivery_state
from ...models.delivery_state import DeliveryState
from ...models.problem import Problem
from ...models.webhook_event_type import check_webhook_event_type
from ...models.webhook_event_type import WebhookEventType
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    name: str,
    *,
    state: DeliveryState | Unset = UNSET,
    type_: WebhookEventType | Unset = UNSET,
    run_id: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state

    params["state"] = json_state

    json_type_: str | Unset = UNSET
    if not isinstance(type_, Unset):
        json_type_ = type_

    params["type"] = json_type_

    params["run_id"] = run_id

    params["limit"] = limit

    params["cursor"] = cursor


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/webhooks/{name}/deliveries".format(name=quote(str(name), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> DeliveryPage | Problem | None:
    if response.status_code == 200:
        response_200 = DeliveryPage.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[DeliveryPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    state: DeliveryState | Unset = UNSET,
    type_: WebhookEventType | Unset = UNSET,
    run_id: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> Response[DeliveryPage | Problem]:
    """ List deliveries that have failed so far

     What was received at the first attempt is never here, and what was received later no longer.

    Args:
        name (str):
        state (DeliveryState | Unset): `pending`: it will be tried again. `failed`: all attempts
            have failed.
        type_ (WebhookEventType | Unset): What became of a run. `run.retrying`: an attempt failed,
            and another follows.
        run_id (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeliveryPage | Problem]
     """


    kwargs = _get_kwargs(
        name=name,
state=state,
type_=type_,
run_id=run_id,
limit=limit,
cursor=cursor,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    state: DeliveryState | Unset = UNSET,
    type_: WebhookEventType | Unset = UNSET,
    run_id: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> DeliveryPage | Problem | None:
    """ List deliveries that have failed so far

     What was received at the first attempt is never here, and what was received later no longer.

    Args:
        name (str):
        state (DeliveryState | Unset): `pending`: it will be tried again. `failed`: all attempts
            have failed.
        type_ (WebhookEventType | Unset): What became of a run. `run.retrying`: an attempt failed,
            and another follows.
        run_id (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeliveryPage | Problem
     """


    return sync_detailed(
        name=name,
client=client,
state=state,
type_=type_,
run_id=run_id,
limit=limit,
cursor=cursor,

    ).parsed

async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    state: DeliveryState | Unset = UNSET,
    type_: WebhookEventType | Unset = UNSET,
    run_id: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> Response[DeliveryPage | Problem]:
    """ List deliveries that have failed so far

     What was received at the first attempt is never here, and what was received later no longer.

    Args:
        name (str):
        state (DeliveryState | Unset): `pending`: it will be tried again. `failed`: all attempts
            have failed.
        type_ (WebhookEventType | Unset): What became of a run. `run.retrying`: an attempt failed,
            and another follows.
        run_id (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeliveryPage | Problem]
     """


    kwargs = _get_kwargs(
        name=name,
state=state,
type_=type_,
run_id=run_id,
limit=limit,
cursor=cursor,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    state: DeliveryState | Unset = UNSET,
    type_: WebhookEventType | Unset = UNSET,
    run_id: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,

) -> DeliveryPage | Problem | None:
    """ List deliveries that have failed so far

     What was received at the first attempt is never here, and what was received later no longer.

    Args:
        name (str):
        state (DeliveryState | Unset): `pending`: it will be tried again. `failed`: all attempts
            have failed.
        type_ (WebhookEventType | Unset): What became of a run. `run.retrying`: an attempt failed,
            and another follows.
        run_id (str | Unset):
        limit (int | Unset): Maximum number of items; a page ends early at 4 MiB. Default: 50.
        cursor (str | Unset): The `next_cursor` of the previous page; opaque.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeliveryPage | Problem
     """


    return (await asyncio_detailed(
        name=name,
client=client,
state=state,
type_=type_,
run_id=run_id,
limit=limit,
cursor=cursor,

    )).parsed
