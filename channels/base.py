"""The one shape of every channel: what goes in, what comes out, and the two ways a send can go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["email", "sms"]
Evidence = Literal["sent", "not_sent"]
"""What a provider's own word (a look-up, later a callback) proves about one attempt."""
EvidenceSource = Literal["none", "look_up", "events"]
"""Where that word comes from; `none`: an unknown outcome stays unknown until a person decides."""


@dataclass(frozen=True, slots=True)
class Message:
    """One finished message to one recipient. It holds no health data, whatever the channel.

    `attempt_id` is the opaque id of the attempt row (letters, digits, `-` and `_`): the only thing of
    ours that a provider may keep. `unsubscribe_url` takes a POST (RFC 8058); None for messages to staff.
    """

    attempt_id: str
    kind: Kind
    to: str
    sender_name: str
    sender_address: str
    subject: str
    text: str
    html: str | None = None
    unsubscribe_url: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the message. `reference` is what the provider calls it."""

    provider: str
    reference: str


class Refused(Exception):
    """The provider said no, or was never reached: for certain nothing was sent.

    `code` is stable and short (`smtp_550`), `reason` is plain words for a screen, without any address.
    `permanent`: the same message to the same recipient will be refused again.
    `stops_provider`: our account or settings are at fault, not the message: stop, and mark nothing failed.
    `retry_after`: seconds the provider asked us to wait.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        permanent: bool,
        *,
        stops_provider: bool = False,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.permanent = permanent
        self.stops_provider = stops_provider
        self.retry_after = retry_after


class OutcomeUnknown(Exception):
    """The message may or may not have been sent. Never sent again by a channel; only evidence settles it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Channel(Protocol):
    """One way to reach a person through one provider. Not for sharing between threads at once."""

    @property
    def provider(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def evidence(self) -> EvidenceSource: ...

    def send(self, message: Message) -> Receipt:
        """Hand one message over, once. Raises `Refused` or `OutcomeUnknown`."""
        ...

    def look_up(self, attempt_id: str, to: str, since: datetime) -> Receipt | Literal["not_found"] | None:
        """Ask the provider whether it has this attempt; None: it can't say (or can't say now).

        `since` is when the attempt was made, with a zone. "not_found" is only proof once the provider's
        list has caught up; how long to wait is the caller's decision.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the channel may be used again afterwards."""
        ...
