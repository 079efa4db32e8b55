"""The model endpoint: GET /ping and POST /invocations on port 8080, as SageMaker runs containers.

    python -m model_endpoint.server --port 8080 [--model-dir DIR]

The model comes from SM_MODEL_DIR, else /opt/ml/model, else the weights in this package. Requests
and answers are those of `hooks.core.wire`. Memory is bounded: by the size of a request, by the
number of requests at a time (more are answered 503 with Retry-After), and by both caches.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from hooks.core.errors import ClickRequestError
from hooks.core.photo import MAX_PHOTO_BYTES
from hooks.core.wire import MAX_REQUEST_BYTES, PrewarmResponse, SegmentResponse
from model_endpoint.service import (
    BUSY,
    FAILED,
    REFUSED,
    Refusal,
    SegmentService,
    build_service,
    find_model_directory,
)

MAX_BODY_BYTES = MAX_PHOTO_BYTES * 4 // 3 + MAX_REQUEST_BYTES
RETRY_AFTER_SECONDS = 1
SESSION_HEADER = "X-Amzn-SageMaker-Session-Id"
NEW_SESSION = "NEW_SESSION"
NEW_SESSION_HEADER = "X-Amzn-SageMaker-New-Session-Id"
SESSION_SECONDS = 3600

logger = logging.getLogger("model_endpoint")


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """How much the server takes on at a time."""

    running: int
    """Requests computed at a time."""
    waiting: int = 32
    """Requests that may wait for their turn; the next one is answered 503."""


def create_app(service: SegmentService, limits: ServerLimits | None = None) -> FastAPI:
    """The web application round a service."""
    bounds = limits or ServerLimits(service.predictor.network.concurrency)
    pool = ThreadPoolExecutor(bounds.running, thread_name_prefix="segment")
    state = {"healthy": False, "in_flight": 0}

    def run_self_test() -> None:
        service.check_itself()
        state["healthy"] = True

    def log_self_test(done: asyncio.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            logger.error("self-test failed, /ping stays unhealthy", exc_info=error)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        test = asyncio.get_running_loop().run_in_executor(pool, run_self_test)
        test.add_done_callback(log_self_test)
        yield
        pool.shutdown(wait=True, cancel_futures=True)

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.get("/ping")
    async def ping() -> Response:
        return Response(status_code=200 if state["healthy"] else 503)

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        if state["in_flight"] >= bounds.running + bounds.waiting:
            return _refuse(BUSY)
        state["in_flight"] += 1
        try:
            body = await _read_body(request)
            arrived = time.perf_counter()

            def work() -> SegmentResponse | PrewarmResponse:
                queued = (time.perf_counter() - arrived) * 1000
                answer = service.answer(body)
                return replace(answer, timings_ms={"queue": queued, **answer.timings_ms})

            answer = await asyncio.get_running_loop().run_in_executor(pool, work)
            return Response(
                answer.to_json(), headers=_session_headers(request), media_type="application/json"
            )
        except REFUSED as error:
            return _refuse(Refusal.of(error))
        finally:
            state["in_flight"] -= 1

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        logger.error("a request failed", exc_info=error)
        return _refuse(FAILED)

    return app


def _session_headers(request: Request) -> dict[str, str]:
    """Opens the session that InvokeEndpoint asks for.

    Nothing is kept for it here: it makes SageMaker send a worker's clicks to the instance that
    has the photo and the features in its caches.
    """
    if request.headers.get(SESSION_HEADER) != NEW_SESSION:
        return {}
    expires = datetime.now(UTC) + timedelta(seconds=SESSION_SECONDS)
    return {NEW_SESSION_HEADER: f"{uuid.uuid4()}; Expires={expires:%Y-%m-%dT%H:%M:%SZ}"}


async def _read_body(request: Request) -> bytes:
    """The body, read in pieces so that an endless one is cut off at the limit."""
    pieces = []
    total = 0
    async for piece in request.stream():
        total += len(piece)
        if total > MAX_BODY_BYTES:
            raise ClickRequestError("request-too-large", "The request is too large.", status=413)
        pieces.append(piece)
    return b"".join(pieces)


def _refuse(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if refusal.retryable else {}
    return Response(refusal.to_json(), refusal.status, headers, media_type="application/json")


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the click model.")
    parser.add_argument("command", nargs="?", choices=["serve"], help="as SageMaker calls it")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    )
    parser.add_argument("--model-dir", type=Path, default=None)
    options = parser.parse_args()
    service = build_service(options.model_dir or find_model_directory())
    uvicorn.run(create_app(service), host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
