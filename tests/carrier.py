"""A local carrier: one HTTP server that speaks Twilio's and SendGrid's real APIs, with faults, signed
callbacks and a record of the truth (see `carrier_truth`).

Only what the providers' own API documents describe: for SendGrid `POST /v3/mail/send` and `GET /v3/messages`
(the paid email activity list), for Twilio the messages of an account. A further provider is a further file
of routes.

    python -m tests.carrier --port 4872 --log carrier.jsonl --faults '{"drop_reply": 0.1}' --seed 7

prints one line of JSON: `{url, sendgrid_public_key, twilio_account, twilio_token, smtp_url}`.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

from tests import carrier_sendgrid, carrier_status, carrier_twilio
from tests.carrier_callbacks import CallbackFaults, Callbacks, Signer
from tests.carrier_events import Batches
from tests.carrier_http import Faults, Server
from tests.carrier_truth import Json, Truth
from tests.smtp_carrier import SmtpCarrier, SmtpFaults

__all__ = ["ACCOUNT", "TOKEN", "CallbackFaults", "Carrier", "Faults", "Json", "Truth"]

#: The Twilio account that the carrier knows, unless told otherwise.
ACCOUNT = "AC" + "4c" * 16
TOKEN = "7e" * 16


class Carrier:
    """Runs in threads between `with Carrier(log) as carrier:`; `carrier.url` is its address.

    `list_lag`: seconds until an accepted message shows up in a list. `api_key`: the only SendGrid key
    accepted (None: any). `twilio_inbound`, `sendgrid_hook`: where texts that come in and email events are
    posted; they may be set later. `fates`: what becomes of messages to a recipient (`carrier_status.FATES`,
    `carrier_events.FATES`). `opted_out`: numbers that Twilio itself takes no message for. Seconds:
    `callback_pause` between two callbacks of a message, `callback_retries` before each new try.
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
        twilio_account: str = ACCOUNT,
        twilio_token: str = TOKEN,
        twilio_inbound: str = "",
        sendgrid_hook: str = "",
        callback_faults: CallbackFaults | None = None,
        callback_pause: float = 0.02,
        callback_retries: Sequence[float] = (0.2, 0.5, 1.0),
    ) -> None:
        self.faults = faults or Faults()
        self.list_lag = list_lag
        self.api_key = api_key
        self.twilio_account = twilio_account
        self.twilio_token = twilio_token
        self.twilio_inbound = twilio_inbound
        self.sendgrid_hook = sendgrid_hook
        self.fates: dict[str, str] = {}
        self.opted_out: set[str] = set()
        self.truth = Truth(log)
        self.requests: list[tuple[str, str, Json]] = []  # method, path, body or query, as they arrived
        self.stopping = threading.Event()
        self.signer = Signer(twilio_token)
        self.impostor = Signer("not the token")
        self.outgoing = Callbacks(
            callback_faults or CallbackFaults(), seed=seed, pause=callback_pause, retries=callback_retries
        )
        self.batches = Batches(self)
        self._chance = random.Random(seed)
        self._scripted: deque[str] = deque()
        self._scripted_look_ups: deque[str] = deque()
        self._lock = threading.Lock()
        self._server = Server(port, self, [*carrier_sendgrid.ROUTES, *carrier_twilio.ROUTES])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def sendgrid_public_key(self) -> str:
        """What verifies the events, in base64."""
        return self.signer.public_key

    @property
    def accepted(self) -> list[Json]:
        """Every accepted message, with what else was seen of it."""
        return self.truth.accepted

    @property
    def callbacks(self) -> list[Json]:
        """Every try to post something, with its answer (see `Callbacks.made`)."""
        return self.outgoing.made

    def __enter__(self) -> Carrier:
        self.outgoing.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.outgoing.stop()

    def script(self, *faults: str) -> None:
        """The faults of the next sends, before chance decides."""
        with self._lock:
            self._scripted.extend(faults)

    def script_look_ups(self, *faults: str) -> None:
        """The faults of the next lists and fetches; chance never strikes them."""
        with self._lock:
            self._scripted_look_ups.extend(faults)

    def script_callbacks(self, *faults: str) -> None:
        """The faults of the callbacks of the next messages, before chance decides."""
        self.outgoing.script(*faults)

    def settled(self, timeout: float = 10.0) -> bool:
        """Wait until every callback is posted, retries and delays included; False when time ran out."""
        return self.outgoing.settled(timeout)

    def inbound(self, from_: str, to: str, text: str, *, sid: str | None = None, forged: bool = False) -> str:
        """A text message comes in; returns the text of the reply, "" where there is none.

        `sid` repeats an earlier one. What was posted and answered is the last of `callbacks`.
        """
        return carrier_status.inbound(self, from_, to, text, sid or f"SM{uuid4().hex}", forged=forged)

    def calls(self, path: str) -> int:
        with self._lock:
            return sum(1 for _, called, _ in self.requests if called == path)

    def note_request(self, method: str, path: str, body: Json) -> None:
        with self._lock:
            self.requests.append((method, path, body))

    def next_fault(self) -> str:
        with self._lock:
            return self._scripted.popleft() if self._scripted else self.faults.pick(self._chance)

    def next_look_up_fault(self) -> str:
        with self._lock:
            return self._scripted_look_ups.popleft() if self._scripted_look_ups else ""

    def toss(self) -> bool:
        with self._lock:
            return self._chance.random() < 0.5

    def listed(self, provider: str) -> list[Json]:
        """What the provider's own list shows by now, oldest first."""
        seen = time.time() - self.list_lag
        return [
            entry for entry in list(self.accepted) if entry["provider"] == provider and entry["at"] <= seen
        ]

    def another(self, entry: Json) -> Json | None:
        """The latest message of the same provider that belongs to another attempt."""
        for other in reversed(list(self.accepted)):
            if other["provider"] == entry["provider"] and other["attempt"] != entry["attempt"]:
                return other
        return None


def main() -> None:
    given = _arguments()
    ending = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    carrier = Carrier(
        given.log,
        port=given.port,
        faults=Faults(**json.loads(given.faults)),
        seed=given.seed,
        list_lag=given.list_lag,
        twilio_inbound=given.twilio_inbound,
        sendgrid_hook=given.sendgrid_hook,
        callback_faults=CallbackFaults(**json.loads(given.callback_faults)),
    )
    carrier.fates.update(json.loads(given.fates))
    first = {
        "url": carrier.url,
        "sendgrid_public_key": carrier.sendgrid_public_key,
        "twilio_account": carrier.twilio_account,
        "twilio_token": carrier.twilio_token,
    }
    with ExitStack() as running:
        running.enter_context(carrier)
        if given.smtp_port is not None:
            faults = SmtpFaults(**json.loads(given.smtp_faults))
            post = SmtpCarrier(
                carrier.truth, port=given.smtp_port, faults=faults, seed=given.seed, fates=carrier.fates
            )
            running.enter_context(post)
            first["smtp_url"] = post.url
        sys.stdout.write(f"{json.dumps(first)}\n")
        sys.stdout.flush()
        signal.sigwait(ending)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A local carrier with faults and a record of the truth.")
    parser.add_argument("--port", type=int, default=4872)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list-lag", type=float, default=0.0)
    parser.add_argument("--twilio-inbound", default="", help="where texts that come in are posted")
    parser.add_argument("--sendgrid-hook", default="", help="where email events are posted")
    parser.add_argument("--smtp-port", type=int, help="also take mail by SMTP (0: any free port)")
    parser.add_argument("--fates", default="{}", help="JSON, recipient to what becomes of its messages")
    for option, known in (
        ("--faults", Faults),
        ("--smtp-faults", SmtpFaults),
        ("--callback-faults", CallbackFaults),
    ):
        names = ", ".join(field.name for field in fields(known))
        parser.add_argument(option, default="{}", help=f"JSON, of: {names}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
