"""What all tests share: where the simulators are, their switches, a webhook."""

import http.server
import json
import os
import queue
import threading
import time
import unittest
import urllib.error
import urllib.request

TWILIO = os.environ["SIM_TWILIO"]
GMAIL = os.environ["SIM_GMAIL"]
PUBSUB = os.environ["SIM_PUBSUB"]


def control(method, url, body=None):
    """Speaks to a simulator as its operator, and returns what it answers."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None


def eventually(look, patience=10):
    """Returns the first true value of look."""
    until = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError("it did not happen in time")
        time.sleep(0.01)


class Simulated(unittest.TestCase):
    """A test of one simulator, whose failures end with the test."""

    simulator = None

    def setUp(self):
        self.addCleanup(control, "DELETE", self.simulator + "/_sim/faults")

    def switch_on(self, name, times=0):
        control("POST", self.simulator + "/_sim/faults", {"name": name, "times": times})


class Webhook:
    """A listener that keeps what is posted to it."""

    def __init__(self, test, status=200):
        self.requests = queue.Queue()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.requests.put((self.path, self.headers, body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def next(self):
        return self.requests.get(timeout=10)
