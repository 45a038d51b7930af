"""What a client chooses on their own page: uses of the answers, no forms now, the language of messages."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from delivery import audit, declining, forms
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.clients import PermittedUse, Respondent

LANGUAGES: Final = ("en", "es")


def allow(session: Session, respondent: Respondent, *, own: bool, alliance: bool, language: str) -> None:
    """What the answers may be used for beside the client's own care, from now on."""
    session.add(
        PermittedUse(
            practice_id=respondent.practice_id,
            respondent_id=respondent.id,
            own_statistics=own,
            alliance_figures=alliance,
            wording=forms.USES_WORDING,
            language=language,
            chosen_at=now(),
        )
    )
    tag, detail = audit.Tag.USES_CHOSEN, {"own": own, "alliance": alliance}
    audit.record(session, respondent.practice_id, audit.CLIENT, tag, respondent.client_id, detail)


def refuse(session: Session, respondent: Respondent) -> None:
    """ "I don't want these forms now": everything open ends at once, on every channel."""
    if declining.stop(session, respondent):
        _note(session, respondent, "refused_at")


def want_again(session: Session, respondent: Respondent) -> None:
    """Forms are welcome again. What had ended stays ended."""
    if respondent.refused_at is None:
        return
    respondent.refused_at = None
    _note(session, respondent, "refused_at")


def speak(session: Session, respondent: Respondent, language: str) -> None:
    """The language of messages and pages from now on. Raises Invalid."""
    if language not in LANGUAGES:
        raise Invalid("That is not one of the choices.")
    respondent.language = language
    _note(session, respondent, "language")


def _note(session: Session, respondent: Respondent, field: str) -> None:
    detail = {"fields": [field], "respondent": str(respondent.id)}
    tag = audit.Tag.CLIENT_CHANGED
    audit.record(session, respondent.practice_id, audit.CLIENT, tag, respondent.client_id, detail)
