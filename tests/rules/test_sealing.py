"""Everything that a person typed, can be contacted by, or scored, is sealed; the table in docs holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import JSON, LargeBinary, String, Text

from delivery import crypto
from delivery.crypto import PracticeKeys, Vault
from delivery.errors import Sealing
from delivery.models import Base
from delivery.models.base import sealed_fields
from delivery.models.clients import Client

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "security.md"
#: Columns of text, JSON or bytes that may be plain; docs/security.md says why. A new one is added here.
PLAIN = {
    "practice": {
        "name",
        "sender_name",
        "time_zone",
        "phone",
        "reads_answers",
        "paper",
        "sms_sender",
        "sms_number",
        "colour",
        "logo",
        "logo_type",
        "help_lines",
    },
    "practice_key": {"purpose", "wrapped"},
    "person": {"name", "known_as", "credentials", "email", "password_hash", "routine_mail"},
    "console_session": {"secret_hash", "browser"},
    "api_token": {"name", "secret_hash"},
    "sign_in_throttle": {"key_hash"},
    "client": {"language", "time_zone"},
    "respondent": {"language", "who_may_see"},
    "contact_point": {"state_reason", "confirmed_how", "safe_hours", "blind_index"},
    "consent": {"channel", "wording", "how"},
    "permitted_use": {"wording", "language"},
    "episode": {"setting"},
    "battery": {"name", "instruments"},
    "schedule": {
        "instruments",
        "languages",
        "rule",
        "starts_on",
        "ends_on",
        "wall_time",
        "time_zone",
        "skips",
        "stop_reason",
    },
    "occurrence": {"key", "reason"},
    "appointment": {"starts_on", "wall_time", "time_zone", "rule", "skips", "source", "source_key"},
    "calendar_feed": {"time_zone", "error"},
    "bulk_send": {"what", "instruments"},
    "bulk_item": {"reason"},
    "past_total": {"instrument_key", "answered_on"},
    "assignment": {"occurrence", "instruments", "end_reason"},
    "link": {"id_hash", "end_reason"},
    "form_session": {"ref", "secret_hash", "language", "place", "helped_by"},
    "dispatch": {"channel", "lane", "business_key", "code", "reason"},
    "attempt": {"provider", "sender", "reference", "code", "reason", "evidence"},
    "delivery_event": {"kind", "code", "dedupe_key"},
    "opt_out": {"channel", "contact_hash", "how"},
    "contact_use": {"contact_hash"},
    "breaker": {"provider", "sender", "results", "code", "reason"},
    "submission": {"instrument_key", "content_hash", "wording_hash", "language", "identity", "uses"},
    "score": {"engine_version"},
    "episode_summary": {"instrument_key"},
    "alert": {"instrument_key", "item_id"},
    "report": {"job_id", "error"},
    "handoff": {"error"},
    "instrument_file": {"key", "language", "content", "statement"},
    "instrument_draft": {"name", "key", "content"},
    "terms_accepted": {"key", "notice", "accepted_name"},
    "preview": {"digest", "language", "content", "pdf", "error"},
    "kiosk_device": {"name", "public_key", "enrol_hash"},
    "kiosk_ticket": {"code_hash", "end_reason"},
    "one_time_code": {"secret_hash", "code_hash"},
    "portal_session": {"secret_hash", "browser"},
    "screening_page": {"slug", "instruments", "origins"},
    "screening_count": {"month"},
    "outbox_entry": {"queue", "kind", "business_key", "error"},
    "inbox_entry": {"source", "dedupe_key", "error"},
    "tick": {"name"},
    "heartbeat": {"process", "kind"},
    "audit_event": {"actor", "tag", "before", "hash"},
    "audit_head": {"hash"},
    "stored_reply": {"key_hash", "request_hash"},
}
MODELS = sorted((m.class_ for m in Base.registry.mappers), key=lambda model: model.__tablename__)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__tablename__)
def test_every_column_that_can_hold_words_is_sealed_or_listed_as_plain(model: Any) -> None:
    sealed = {f"{name}_sealed" for name in sealed_fields(model)}
    enumerated = {c.name for c in model.__table__.columns if getattr(c.type, "enums", None)}
    words = {c.name for c in model.__table__.columns if isinstance(c.type, (String, Text, JSON, LargeBinary))}
    assert words - sealed - enumerated == PLAIN.get(model.__tablename__, set())


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__tablename__)
def test_the_document_names_every_sealed_column(model: Any) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in sealed_fields(model):
        assert f"`{model.__tablename__}.{name}`" in text


def test_what_people_say_of_clients_is_sealed() -> None:
    """The list of design.md section 4, spelled out, so that nobody can list these as plain."""
    expected = {
        "client": {"given_name", "family_name", "called_by", "date_of_birth", "sex_for_scoring", "tags"},
        "respondent": {"name", "recognition_word", "passphrase_hash"},
        "contact_point": {"value"},
        "episode": {"payer", "diagnosis_group"},
        "form_session": {"draft"},
        "submission": {"answers"},
        "score": {"result"},
        "episode_summary": {"summary"},
        "alert": {"detail", "note"},
        "report": {"input"},
        "report_file": {"pdf"},
        "local_post": {"message"},
        "link": {"token_id"},
        "stored_reply": {"body"},
    }
    found = {m.__tablename__: set(sealed_fields(m)) for m in MODELS}
    for table, names in expected.items():
        assert names <= found[table], table


def _vault(*practices: Any) -> Vault:
    keys = {p: PracticeKeys({1: bytes([n + 1]) * 32}, bytes([n + 101]) * 32) for n, p in enumerate(practices)}
    return Vault(lambda practice: keys[practice])


def test_a_sealed_value_opens_only_in_its_own_row_column_and_practice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = uuid4(), uuid4()
    monkeypatch.setattr(crypto, "_vault", _vault(one, other))
    first = Client(practice_id=one, given_name="Ana")
    second = Client(practice_id=one)
    stranger = Client(practice_id=other, id=first.id)
    sealed = first.given_name_sealed  # type: ignore[attr-defined]
    assert first.given_name == "Ana"
    assert b"Ana" not in sealed
    second.given_name_sealed = sealed  # type: ignore[attr-defined]
    first.family_name_sealed = sealed  # type: ignore[attr-defined]
    stranger.given_name_sealed = sealed  # type: ignore[attr-defined]
    for moved in (lambda: second.given_name, lambda: first.family_name, lambda: stranger.given_name):
        with pytest.raises(Sealing):
            moved()


def test_a_changed_bit_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    practice = uuid4()
    monkeypatch.setattr(crypto, "_vault", _vault(practice))
    client = Client(practice_id=practice, given_name="Ana")
    sealed = bytearray(client.given_name_sealed)  # type: ignore[attr-defined]
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        client.given_name_sealed = bytes(changed)  # type: ignore[attr-defined]
        with pytest.raises(Sealing):
            assert client.given_name
