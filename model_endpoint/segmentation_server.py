"""A segmentation model's container: GET /ping and POST /invocations, as SageMaker runs them.

    python -m model_endpoint.segmentation_server --model-dir DIR [--port 8080]

A request is a photo's bytes, an answer that of `segmentation_answer`. One photo at a time: torch
uses every core for it. More than a few that wait are answered 503.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from hooks.core.errors import PhotoError
from hooks.core.photo import MAX_PHOTO_BYTES
from model_endpoint.segmentation_answer import answer_photo
from model_endpoint.segmentation_network import SegmentationModel

MAX_WAITING = 64
DEFAULT_MODEL_DIR = Path("/opt/ml/model")

logger = logging.getLogger("model_endpoint")


def create_app(model: SegmentationModel) -> FastAPI:
    """The web application round a model."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="segment")
    waiting = 0
    app = FastAPI(openapi_url=None)

    @app.get("/ping")
    async def ping() -> Response:
        return Response(status_code=200)

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        nonlocal waiting
        if waiting >= MAX_WAITING:
            return Response("The server is busy.", 503, {"Retry-After": "1"})
        waiting += 1
        try:
            body = await _read_body(request)
            if body is None:
                return Response(f"A photo may have {MAX_PHOTO_BYTES} bytes.", 413)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(pool, answer_photo, model, body)
            return Response(answer, media_type="application/json")
        except PhotoError as error:
            return Response(str(error), 400)
        finally:
            waiting -= 1

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        logger.error("a request failed", exc_info=error)
        return Response("The model failed.", 500)

    return app


async def _read_body(request: Request) -> bytes | None:
    """The body; None when it is too long, which is noticed before it is all here."""
    pieces, total = [], 0
    async for piece in request.stream():
        total += len(piece)
        if total > MAX_PHOTO_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a segmentation model.")
    parser.add_argument("command", nargs="?", choices=["serve"], help="as SageMaker calls it")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    )
    parser.add_argument("--model-dir", type=Path, default=DEFAULT_MODEL_DIR)
    options = parser.parse_args()
    model = SegmentationModel.read(options.model_dir)
    uvicorn.run(create_app(model), host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
