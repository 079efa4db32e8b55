"""Presigned links and nothing else of AWS: what workers' browsers read photos from.

The stand-in for AWS believes any signature in a header, so it stays on loopback. Browsers that may
sit on other machines get this instead: a request is passed on only if it reads (GET, HEAD or a
preflight) and its query has the signature that `presigned` has checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.wrappers import Response

from scripts.local_ground_truth.http_server import LOOPBACK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from scripts.local_ground_truth.cloud import Cloud

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGNED_BY = frozenset({"X-Amz-Signature", "Signature"})
LEADING_ELSEWHERE = ("HTTP_AUTHORIZATION", "HTTP_X_AMZ_TARGET", "CONTENT_TYPE", "CONTENT_LENGTH")
"""What could make another service than S3 of a request."""


class LinkServer:
    """A WSGI application in front of the S3 of a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        signed = method == "OPTIONS" or not SIGNED_BY.isdisjoint(query)
        if method not in READING_METHODS or not signed:
            return Response("Only presigned links are served here.\n", 403)(environ, start_response)
        refused = self._cloud.refusal(environ)
        if refused is not None:
            return refused(environ, start_response)
        for header in LEADING_ELSEWHERE:
            environ.pop(header, None)
        # moto would take the first part of a name, as in "photos.local", for the bucket.
        environ["HTTP_HOST"] = LOOPBACK
        return self._cloud.answer_link(environ)(environ, start_response)
