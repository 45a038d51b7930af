"""A local carrier: one HTTP server that speaks SendGrid's real API, with faults and a record of the truth.

Only what SendGrid's own API documents describe: `POST /v3/mail/send` and `GET /v3/messages` (the paid email
activity list). A further provider is a further file of routes.

    python -m tests.carrier --port 4872 --log carrier.jsonl --faults '{"drop_reply": 0.1}' --seed 7

The log is the ground truth: one JSON line for each message that was accepted, `{attempt, to, at, link,
provider, id}`, `at` in Unix seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests import carrier_sendgrid

Json = dict[str, Any]
ROUTES = [*carrier_sendgrid.ROUTES]


@dataclass(frozen=True)
class Faults:
    """How likely each fault is for one send (0 to 1, at most one fault per send)."""

    drop_reply: float = 0.0  # accepted, then the connection closes without an answer
    server_error: float = 0.0  # 500; accepted or not, by the toss of a coin
    too_many: float = 0.0  # 429 with Retry-After, not accepted
    slow: float = 0.0  # accepted and answered, but only after `slow_seconds`
    reset: float = 0.0  # the connection is reset before anything is accepted
    slow_seconds: float = 15.0

    def pick(self, chance: random.Random) -> str:
        point = chance.random()
        for name in ("drop_reply", "server_error", "too_many", "slow", "reset"):
            point -= getattr(self, name)
            if point < 0:
                return name
        return ""


class Carrier:
    """Runs in a thread between `with Carrier(log) as carrier:`; `carrier.url` is its address.

    `list_lag`: seconds until an accepted message shows up in the list. `api_key`: the only key accepted
    (None: any). `script("drop_reply", "", …)` names the faults of the next sends, before chance decides.
    """

    def __init__(
        self,
        log: Path,
        *,
        port: int = 0,
        faults: Faults | None = None,
        seed: int = 0,
        list_lag: float = 0.0,
        api_key: str | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.list_lag = list_lag
        self.api_key = api_key
        self.accepted: list[Json] = []
        self.requests: list[tuple[str, str, Json]] = []  # method, path, body or query, as they arrived
        self._log = log
        self._chance = random.Random(seed)
        self._scripted: deque[str] = deque()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), Handler)
        self._server.carrier = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Carrier:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def script(self, *faults: str) -> None:
        with self._lock:
            self._scripted.extend(faults)

    def calls(self, path: str) -> int:
        with self._lock:
            return sum(1 for _, called, _ in self.requests if called == path)

    def note_request(self, method: str, path: str, body: Json) -> None:
        with self._lock:
            self.requests.append((method, path, body))

    def next_fault(self) -> str:
        with self._lock:
            return self._scripted.popleft() if self._scripted else self.faults.pick(self._chance)

    def toss(self) -> bool:
        with self._lock:
            return self._chance.random() < 0.5

    def accept(self, provider: str, attempt: str, to: str, text: str, **seen: str) -> str:
        """Write one accepted message into the truth; returns the provider's id for it."""
        link = re.search(r"https?://[^\s<>\"]+", text)
        with self._lock:
            reference = f"{provider}-{len(self.accepted) + 1:08d}"
            entry: Json = {
                "attempt": attempt,
                "to": to,
                "at": time.time(),
                "link": link.group() if link else None,
                "provider": provider,
                "id": reference,
            }
            self.accepted.append({**entry, **seen})
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        return reference

    def listed(self) -> list[Json]:
        """What the provider's own list shows by now."""
        with self._lock:
            return [entry for entry in self.accepted if entry["at"] + self.list_lag <= time.time()]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    carrier: Carrier


class Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "Carrier"

    def do_POST(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The truth goes to the log file; nothing to the terminal."""

    def _route(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        for method, path, answer in ROUTES:
            if method == self.command and path.fullmatch(parts.path):
                answer(self, raw, parts.query)
                return
        self.errors(404, "not found")

    def answer_send(self, accept: Callable[[], str], confirm: Callable[[str], None]) -> None:
        """Accept and confirm one valid message, or do what the fault of the moment says."""
        carrier = self.server.carrier
        match carrier.next_fault():
            case "drop_reply":
                accept()
                self.close_connection = True
            case "server_error":
                if carrier.toss():
                    accept()
                self.errors(500, "internal server error")
            case "too_many":
                self.errors(429, "too many requests", headers={"Retry-After": "2"})
            case "slow":
                time.sleep(carrier.faults.slow_seconds)
                confirm(accept())
            case "reset":
                # Closing with linger 0 sends a reset instead of a goodbye.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.rfile.close()
                self.connection.close()
            case _:
                confirm(accept())

    def errors(
        self, status: int, message: str, field: str | None = None, *, headers: dict[str, str] | None = None
    ) -> None:
        self.json(status, {"errors": [{"message": message, "field": field, "help": None}]}, headers)

    def json(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        self.reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the caller did not wait


def main() -> None:
    names = ", ".join(field.name for field in fields(Faults))
    parser = argparse.ArgumentParser(description="A local carrier with faults and a record of the truth.")
    parser.add_argument("--port", type=int, default=4872)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--faults", default="{}", help=f"JSON, of: {names}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list-lag", type=float, default=0.0)
    given = parser.parse_args()
    faults = Faults(**json.loads(given.faults))
    ending = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    carrier = Carrier(given.log, port=given.port, faults=faults, seed=given.seed, list_lag=given.list_lag)
    with carrier:
        sys.stdout.write(f"{carrier.url}\n")
        sys.stdout.flush()
        signal.sigwait(ending)


if __name__ == "__main__":
    main()
