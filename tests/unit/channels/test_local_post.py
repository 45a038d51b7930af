from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from channels.base import Message, OutcomeUnknown, Receipt
from channels.local_post import LocalPost


class Store:
    def __init__(self) -> None:
        self.kept: dict[str, Message] = {}
        self.broken = False

    def keep(self, message: Message) -> str:
        self.kept.setdefault(message.attempt_id, message)
        if self.broken:
            raise RuntimeError(f"disk full while keeping {message.to}")
        return f"post-{message.attempt_id}"

    def find(self, attempt_id: str) -> str | None:
        return f"post-{attempt_id}" if attempt_id in self.kept else None


def test_a_message_is_kept_and_found_again(message: Message) -> None:
    store = Store()
    post = LocalPost(store.keep, store.find)
    receipt = post.send(message)
    assert receipt == Receipt("local_post", f"post-{message.attempt_id}")
    assert list(store.kept.values()) == [message]
    assert post.look_up(message, datetime.now(UTC)) == receipt
    assert post.look_up(replace(message, attempt_id="another"), datetime.now(UTC)) == "not_found"


def test_a_store_that_breaks_leaves_the_outcome_to_its_own_evidence(message: Message) -> None:
    store = Store()
    store.broken = True
    post = LocalPost(store.keep, store.find)
    with pytest.raises(OutcomeUnknown) as unknown:
        post.send(message)
    assert message.to not in str(unknown.value)
    assert post.look_up(message, datetime.now(UTC)) is not None
    assert post.evidence == "look_up"


def test_the_local_post_can_stand_in_for_text_messages() -> None:
    store = Store()
    assert LocalPost(store.keep, store.find).kind == "email"
    assert LocalPost(store.keep, store.find, "sms").kind == "sms"
