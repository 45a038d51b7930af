"""Scores: stored once a submission, with the episode's summary, and read back for pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, library, wordings
from delivery.access import Caller
from delivery.db import now
from delivery.models.clients import Client, Episode
from delivery.models.results import EpisodeSummary, Score, Submission
from questionnaires.change import change
from questionnaires.schema import Instrument
from questionnaires.scoring import score

#: Version of the scoring rules as a whole; stored with each score and printed on each report.
ENGINE: Final = "1.0.0"


Course = list[tuple[Submission, dict[str, Any]]]


def instrument_of(session: Session, submission: Submission) -> Instrument:
    """The instrument in the version that was answered."""
    there = library.of(session, submission.practice_id)
    return there.get(submission.instrument_key, submission.instrument_version)


def context(client: Client, on: date) -> dict[str, object]:
    """What scoring may need to know of the client; what is not recorded is left out."""
    known: dict[str, object] = {}
    if client.sex_for_scoring:
        known["sex"] = client.sex_for_scoring
    if (years := age(client, on)) is not None:
        known["age"] = years
    return known


def age(client: Client, on: date) -> int | None:
    """The client's age in whole years on a day; None where the date of birth is not recorded."""
    born = client.date_of_birth
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) if born else None


def store(session: Session, submission_id: UUID) -> Score:
    """Score a submission and update its episode's summary. Safe to run twice."""
    submission = session.get(Submission, submission_id)
    assert submission is not None
    row = session.scalars(select(Score).where(Score.submission_id == submission_id)).one_or_none()
    if row is not None:
        return row
    client = session.get(Client, submission.client_id)
    assert client is not None
    instrument = instrument_of(session, submission)
    answers = submission.answers or {}
    result = score(instrument, answers, context(client, submission.answered_at.date()))
    row = Score(
        practice_id=submission.practice_id,
        submission_id=submission.id,
        engine_version=ENGINE,
        valid=result.valid,
    )
    row.result = result.to_json()
    session.add(row)
    session.flush()
    summarise(session, submission, instrument)
    audit.record(session, submission.practice_id, audit.WORKER, audit.Tag.SCORED, submission.id)
    return row


def course(session: Session, episode_id: UUID, instrument_key: str, respondent_id: UUID) -> Course:
    """Scored submissions of one instrument, respondent and episode in time order; void ones are left out."""
    rows = session.execute(
        select(Submission, Score)
        .join(Score, Score.submission_id == Submission.id)
        .where(
            Submission.episode_id == episode_id,
            Submission.instrument_key == instrument_key,
            Submission.respondent_id == respondent_id,
            Submission.voided_at.is_(None),
        )
        .order_by(Submission.answered_at, Submission.id)
    ).all()
    return [(submission, row.result or {}) for submission, row in rows]


def comparable(past: Course, submission: Submission, instrument: Instrument) -> Course:
    """The forms that may be compared with this one: of the same version, and of one course of texts.

    Official texts of a version are one course; any other text is its own.
    """
    here = wordings.official(instrument, submission.language)
    return [
        (one, result)
        for one, result in past
        if one.instrument_version == submission.instrument_version
        and (one.language == submission.language or (here and wordings.official(instrument, one.language)))
    ]


def main_scale(instrument: Instrument) -> str | None:
    """The scale that trends and lists show: the official total, else the first."""
    names = [scale.id for scale in instrument.scales]
    return "total" if "total" in names else next(iter(names), None)


def value(result: Mapping[str, Any], scale: str | None) -> float | None:
    """A scale's value in a stored result, or None."""
    found = result.get("scores", {}).get(scale)
    return found["value"] if found else None


def summarise(session: Session, submission: Submission, instrument: Instrument) -> EpisodeSummary:
    """Recompute the summary row that lists read. Baseline = the first valid score in the episode.

    Only forms that may be compared with the newest one are in it.

    Two at once take turns by the episode's row: the second sees the first one's point.
    """
    chosen = select(Episode.id).where(Episode.id == submission.episode_id)
    session.execute(chosen.with_for_update(key_share=True))
    everything = course(session, submission.episode_id, instrument.key, submission.respondent_id)
    newest = everything[-1][0] if everything else submission
    instrument = instrument_of(session, newest)
    scale = main_scale(instrument)
    points = [
        {
            "submission": str(s.id),
            "at": s.answered_at.isoformat(),
            "value": value(result, scale),
            "band": (result.get("scores", {}).get(scale) or {}).get("band"),
        }
        for s, result in comparable(everything, newest, instrument)
    ]
    valid = [p for p in points if p["value"] is not None]
    row = session.scalars(
        select(EpisodeSummary).where(
            EpisodeSummary.episode_id == submission.episode_id,
            EpisodeSummary.instrument_key == instrument.key,
            EpisodeSummary.respondent_id == submission.respondent_id,
        )
    ).one_or_none()
    if row is None:
        row = EpisodeSummary(
            practice_id=submission.practice_id,
            episode_id=submission.episode_id,
            respondent_id=submission.respondent_id,
            instrument_key=instrument.key,
            updated_at=now(),
        )
        session.add(row)
    row.updated_at = now()
    row.summary = {
        "baseline": valid[0] if valid else None,
        "previous": points[-2] if len(points) > 1 else None,
        "latest": points[-1] if points else None,
        "n": len(points),
        "n_valid": len(valid),
        "flags": _flags(instrument, scale, valid),
    }
    return row


def _flags(instrument: Instrument, scale: str | None, valid: list[dict[str, Any]]) -> list[str]:
    if scale is None or len(valid) < 2:
        return []
    found = change(instrument, scale, valid[0]["value"], valid[-1]["value"])
    return [f"reliably-{found.direction}"] if found.reliable else []


def read(session: Session, caller: Caller, submission_id: UUID) -> tuple[Submission, dict[str, Any] | None]:
    """A submission and its result (None while it is being scored); the audit row is written first."""
    submission = access.one(session, caller, Submission, submission_id)
    audit.record(session, submission.practice_id, caller.actor, audit.Tag.RESULT_READ, submission.id)
    row = session.scalars(select(Score).where(Score.submission_id == submission.id)).one_or_none()
    return submission, row.result if row else None
