"""The local post: messages stay in our own database, for a machine without a provider."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from channels.base import EvidenceSource, Kind, Message, OutcomeUnknown, Receipt


class LocalPost:
    """Hands every message to `keep`, which stores it sealed, once per attempt id.

    `keep(message)` returns its reference; `find(attempt_id)` returns that reference or None. Both come
    from the service, which owns the database.
    """

    provider = "local_post"
    evidence: EvidenceSource = "look_up"

    def __init__(
        self, keep: Callable[[Message], str], find: Callable[[str], str | None], kind: Kind = "email"
    ) -> None:
        self._keep = keep
        self._find = find
        self.kind: Kind = kind

    def send(self, message: Message) -> Receipt:
        try:
            return Receipt(self.provider, self._keep(message))
        except Exception as error:
            # A commit that broke may still have happened; the store itself is the evidence.
            raise OutcomeUnknown("The local post did not say whether it kept the message.") from error

    def look_up(
        self,
        message: Message,
        since: datetime,  # noqa: ARG002
        claimed: frozenset[str] = frozenset(),  # noqa: ARG002
    ) -> Receipt | Literal["not_found"] | None:
        reference = self._find(message.attempt_id)
        return "not_found" if reference is None else Receipt(self.provider, reference)

    def close(self) -> None:
        """Nothing is held open."""
