"""The FastAPI application: all routes, their errors, and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse, Response

from app.api import events, job_types, operations, problems, queues, runs, workers
from app.api.context import Context, guard
from app.api.describe import REQUEST_MODELS

VERSION = "0.1.0"
DESCRIPTION = """A standalone job server: register job types, dispatch runs, read their status and watch their events \
live. At-least-once execution, exactly-once recorded outcome, a gapless ordered event log for every run."""


def build(context: Context, ready: Callable[[], bool] = lambda: True) -> FastAPI:
    app = FastAPI(
        title="Blazy Jobs",
        version=VERSION,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.context = context
    app.state.settings = context.settings
    app.state.ready = ready
    problems.install(app)
    guarded = [Depends(guard)]
    for router in (runs.router, events.router, job_types.router, queues.router, workers.router):
        app.include_router(router, dependencies=guarded)
    app.include_router(operations.router)
    app.include_router(_documents(app), dependencies=guarded, include_in_schema=False)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # the way that FastAPI documents
    return app


def _documents(app: FastAPI) -> APIRouter:
    router = APIRouter()

    @router.get("/openapi.json")
    async def openapi() -> Response:
        return JSONResponse(document(app))

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return get_swagger_ui_html(openapi_url="/openapi.json", title="Blazy Jobs")

    return router


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with the bodies that routes read themselves."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
            separate_input_output_schemas=False,
        )
        _, extra = models_json_schema(
            [(model, "validation") for model in REQUEST_MODELS.values()],
            ref_template="#/components/schemas/{model}",
        )
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for name, definition in extra.get("$defs", {}).items():
            schemas.setdefault(name, definition)
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        components["schemas"] = dict(sorted(schemas.items()))
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"key": []}, {}]
        app.openapi_schema = schema
    return app.openapi_schema
