"""A container that answers at once, as a photo's first pixel says: `python -m … --port N`.

red     400: it will never be answered
blue    500 when it is first asked, and an answer then
green   bytes that are no answer
other   this tool's own answer: the left half is a cat
"""

from __future__ import annotations

import argparse
import base64
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

failed_once: set[bytes] = set()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with Image.open(io.BytesIO(body)) as photo:
            size, pixel = photo.size, photo.convert("RGB").getpixel((0, 0))
        if pixel == (255, 0, 0):
            self._answer(400, b"I see red", "text/plain")
        elif pixel == (0, 0, 255) and body not in failed_once:
            failed_once.add(body)
            self._answer(500, b"a worker died", "text/plain")
        elif pixel == (0, 255, 0):
            self._answer(200, b"green is no JSON", "application/json")
        else:
            self._answer(200, answer(*size), "application/json")

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def answer(width: int, height: int) -> bytes:
    label_map = Image.new("L", (width, height))
    label_map.paste(1, (0, 0, width // 2, height))
    stream = io.BytesIO()
    label_map.save(stream, "PNG")
    return json.dumps(
        {
            "fewclick_answer": 1,
            "image_size": [width, height],
            "classes": ["BACKGROUND", "cat"],
            "label_map": base64.b64encode(stream.getvalue()).decode(),
            "confidence": 0.8,
            "class_confidence": {"cat": 0.8},
        }
    ).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--model-dir")
    options = parser.parse_args()
    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
