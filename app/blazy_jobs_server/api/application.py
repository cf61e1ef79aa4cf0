"""The FastAPI application: all routes and their errors."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Depends, FastAPI

from blazy_jobs_server.api import (
    audit,
    bulk,
    config,
    dashboard,
    errors,
    events,
    explaining,
    handler_reports,
    job_types,
    keys,
    live,
    operations,
    pages,
    problems,
    queues,
    run_lists,
    runs,
    schedules,
    series,
    servers,
    sessions,
    webhooks,
    workers,
)
from blazy_jobs_server.api.context import Context, guard
from blazy_jobs_server.api.metrics import route as metrics
from blazy_jobs_server.api.openapi import document
from blazy_jobs_server.api.queries import known_query
from blazy_jobs_server.version import VERSION


def build(context: Context, ready: Callable[[], bool] = lambda: True) -> FastAPI:
    app = FastAPI(
        title="Blazy Jobs",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.context = context
    app.state.settings = context.settings
    app.state.ready = ready
    app.state.documents = {}
    problems.install(app)
    guarded = [Depends(guard)]
    for router in (
        run_lists.router,
        bulk.router,
        runs.router,
        events.router,
        live.router,
        job_types.router,
        queues.router,
        schedules.router,
        webhooks.router,
        workers.router,
        servers.router,
        series.router,
        config.router,
        keys.router,
        audit.router,
        errors.router,
        explaining.router,
    ):
        app.include_router(router, dependencies=[*guarded, Depends(known_query)])
    app.include_router(sessions.router)
    app.include_router(handler_reports.router, dependencies=[Depends(known_query)])
    app.include_router(operations.router)
    app.include_router(metrics.router)
    app.include_router(pages.router)
    app.include_router(dashboard.router)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # the way that FastAPI documents
    return app
