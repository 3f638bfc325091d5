"""An OpenAI-compatible embeddings server on this machine, for measurements.

It serves POST /v1/embeddings and GET /v1/models, on a loopback address only.
"""

import argparse
import base64
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Set by some machines for old programs; numpy's own choice is faster.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

from minilm import DIMENSIONS, MiniLM  # noqa: E402

MODEL = "all-MiniLM-L6-v2"
MAX_BYTES = 8 << 20
MAX_TEXTS = 2048


class Refused(Exception):
    """A request that cannot be answered."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: MiniLM
    lock = threading.Lock()  # one computation has all cores

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            return self._refuse(Refused(f"there is no {self.path}", 404))
        self._answer(200, {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "local"}]})

    def do_POST(self) -> None:
        try:
            request = self._read()
            if self.path != "/v1/embeddings":
                raise Refused(f"there is no {self.path}", 404)
            texts = texts_of(request)
            with self.lock:
                vectors, tokens = self.model.embed(texts)
            if request.get("encoding_format") == "base64":
                coded = [base64.b64encode(v.astype("<f4").tobytes()).decode() for v in vectors]
            else:
                coded = [[round(float(x), 7) for x in v] for v in vectors]
        except Refused as refused:
            return self._refuse(refused)
        self._answer(200, {
            "object": "list",
            "model": MODEL,
            "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(coded)],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        })

    def _read(self) -> dict:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BYTES:
            self.close_connection = True
            raise Refused("the request is too large", 413)
        try:
            request = json.loads(self.rfile.read(size))
        except ValueError:
            raise Refused("the request is not JSON") from None
        if not isinstance(request, dict):
            raise Refused("the request is not an object")
        return request

    def _refuse(self, refused: Refused) -> None:
        self._answer(refused.status, {"error": {"message": str(refused), "type": "invalid_request_error"}})

    def _answer(self, status: int, value: dict) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: the texts are nobody's business."""


def texts_of(request: dict) -> list[str]:
    texts = request.get("input")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
        raise Refused("input must be a text or a list of texts, none of them empty")
    if len(texts) > MAX_TEXTS:
        raise Refused(f"input has {len(texts)} texts, at most {MAX_TEXTS} are taken")
    if request.get("dimensions") not in (None, DIMENSIONS):
        raise Refused(f"this model has {DIMENSIONS} dimensions")
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8031)
    port = parser.parse_args().port
    Handler.model = MiniLM()
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
