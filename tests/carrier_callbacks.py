"""What the local carrier tells us by itself: signed callbacks from a pool of threads, with faults.

Signatures are the providers' own: Twilio's by its official RequestValidator, SendGrid's ECDSA P-256 with
SHA-256 over timestamp and raw body, in the headers its documents name.
"""

from __future__ import annotations

import base64
import heapq
import itertools
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sendgrid.helpers.eventwebhook.eventwebhook_header import EventWebhookHeader
from twilio.request_validator import RequestValidator

Json = dict[str, Any]
CALLBACK_FAULTS = ("lost", "repeated", "reordered", "delayed", "forged", "replayed")
_THREADS = 8
_TIMEOUT = 15.0


@dataclass(frozen=True)
class CallbackFaults:
    """How likely each fault is for the callbacks of one message (0 to 1, at most one fault per message)."""

    lost: float = 0.0  # none of them is ever posted
    repeated: float = 0.0  # each is posted `times` times, several at once
    reordered: float = 0.0  # posted last first
    delayed: float = 0.0  # the first only after `delay_seconds`
    forged: float = 0.0  # before each genuine one, one that claims the opposite with a bad signature
    replayed: float = 0.0  # before each genuine one, its signature under another message's attempt
    times: int = 50
    delay_seconds: float = 5.0

    def pick(self, chance: random.Random) -> str:
        """One fault's name, or "" for none."""
        point = chance.random()
        for name in CALLBACK_FAULTS:
            point -= getattr(self, name)
            if point < 0:
                return name
        return ""


class Signer:
    """Signs what the carrier posts. `public_key` is SendGrid's, in base64 as its settings page shows it."""

    def __init__(self, twilio_token: str) -> None:
        self._twilio = RequestValidator(twilio_token)
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(der).decode()

    def twilio(self, url: str, form: Mapping[str, str]) -> dict[str, str]:
        """The header that goes with a form posted to this exact address."""
        return {"X-Twilio-Signature": self._twilio.compute_signature(url, form)}

    def sendgrid(self, raw: bytes, at: int | None = None) -> dict[str, str]:
        """The headers that go with these raw bytes; `at` in Unix seconds, by default now."""
        timestamp = str(int(time.time()) if at is None else at)
        signature = self._key.sign(timestamp.encode() + raw, ec.ECDSA(SHA256()))
        return {
            EventWebhookHeader.SIGNATURE: base64.b64encode(signature).decode(),
            EventWebhookHeader.TIMESTAMP: timestamp,
        }


@dataclass(frozen=True)
class Post:
    """One callback. `body` is what `raw` says; `fault` why it is not an ordinary one; `once`: no retries."""

    provider: str
    url: str
    body: object
    raw: bytes
    headers: Mapping[str, str]
    fault: str = ""
    once: bool = False


class Callbacks:
    """Posts at their time from a few threads. Pauses in seconds: `pause` between the callbacks of a message,
    `retries` before each new try of one that was not answered with 2xx.

    `made`: every try with its answer, `{provider, url, body, headers, fault, status, answer, at}`; status is
    None where nobody answered. `met`: (fault, id of the message), in order.
    """

    def __init__(self, faults: CallbackFaults, *, seed: int, pause: float, retries: Sequence[float]) -> None:
        self.faults = faults
        self.pause = pause
        self.made: list[Json] = []
        self.met: list[tuple[str, str]] = []
        self._retries = retries
        self._chance = random.Random(seed)
        self._scripted: deque[str] = deque()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = itertools.count()
        self._active = 0
        self._stopped = False
        self._changed = threading.Condition()
        self._open: set[HTTPConnection] = set()
        self._threads = [threading.Thread(target=self._work) for _ in range(_THREADS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Drop what is still to come, hang up on what is under way."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()
        for connection in list(self._open):
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def settled(self, timeout: float) -> bool:
        """Wait until nothing is left to post, retries and delays included; False when time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._active, timeout)

    def script(self, *faults: str) -> None:
        """The faults of the next messages' callbacks, before chance decides."""
        with self._changed:
            self._scripted.extend(faults)

    def later(self, seconds: float, job: Callable[[], object]) -> None:
        with self._changed:
            if not self._stopped:
                heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), job))
                self._changed.notify()

    def follow(
        self,
        message: str,
        facts: Sequence[Json],
        happen: Callable[[Json], None],
        tell: Callable[[Json, str], None],
    ) -> None:
        """Let the facts about one message happen one after the other, and tell each, with its faults."""
        with self._changed:
            fault = self._scripted.popleft() if self._scripted else self.faults.pick(self._chance)
            if fault:
                self.met.append((fault, message))
        for n, fact in enumerate(facts):
            self.later(n * self.pause, partial(happen, fact))
        if fault == "lost":
            return
        told = [*reversed(facts)] if fault == "reordered" else [*facts]

        def step(n: int) -> None:
            if fault in {"forged", "replayed"}:
                tell(told[n], fault)
            if fault == "repeated":
                for _ in range(self.faults.times):
                    self.later(0.0, partial(tell, told[n], fault))
            else:
                tell(told[n], "")
            if n + 1 < len(told):
                self.later(self.pause, partial(step, n + 1))

        self.later(self.faults.delay_seconds if fault == "delayed" else self.pause, partial(step, 0))

    def post(self, post: Post, tries: int = 0) -> Json:
        """Post once, now; a genuine one that is not taken is tried again later. Returns the try."""
        status, answer = self._call(post)
        done: Json = {
            "provider": post.provider,
            "url": post.url,
            "body": post.body,
            "headers": dict(post.headers),
            "fault": post.fault,
            "status": status,
            "answer": answer,
            "at": time.time(),
        }
        with self._changed:
            self.made.append(done)
        taken = status is not None and 200 <= status < 300
        if not taken and not post.once and tries < len(self._retries):
            self.later(self._retries[tries], partial(self.post, post, tries + 1))
        return done

    def _call(self, post: Post) -> tuple[int | None, str]:
        parts = urlsplit(post.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = HTTPConnection(parts.netloc, timeout=_TIMEOUT)
        self._open.add(connection)
        try:
            connection.request("POST", target or "/", post.raw, dict(post.headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, HTTPException):
            return None, ""
        finally:
            self._open.discard(connection)
            connection.close()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            finally:
                with self._changed:
                    self._active -= 1
                    self._changed.notify_all()

    def _next(self) -> Callable[[], object] | None:
        """The next job at its time; None: stop. A job that runs counts as active."""
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._active += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
