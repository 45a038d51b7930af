"""From the record to a `ReportInput`: everything that the page will say, gathered once."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import alerts, report_language, results
from delivery import report_input as page
from delivery.db import now
from delivery.models.assignments import Assignment, FormSession
from delivery.models.clients import CareRole, CareTeam, Client, Episode, Respondent
from delivery.models.messages import Dispatch
from delivery.models.people import Person, Practice
from delivery.models.results import Alert, Score, Submission
from delivery.report_scales import scale_of
from questionnaires.answers import applicable
from questionnaires.schema import Instrument, Item

VERSION = "1"
REASONS = {
    "seen": ("Answered in the room with the clinician",),
    "confirmed": ("Own contact, with a second factor",),
    "likely": ("Own address, confirmed, not shared", "No code was asked"),
    "uncertain": ("The address is not confirmed, or is shared",),
}
Past = list[tuple[Submission, dict[str, Any]]]


def assemble(session: Session, submission_id: UUID) -> page.ReportInput:
    """The report of one scored submission. Raises AssertionError where a row of the record is missing."""
    submission = _get(session, Submission, submission_id)
    stored = session.scalars(select(Score).where(Score.submission_id == submission.id)).one()
    result: dict[str, Any] = stored.result or {}
    instrument = results.instrument_of(session, submission)
    assignment = _get(session, Assignment, submission.assignment_id)
    practice = _get(session, Practice, submission.practice_id)
    zone = ZoneInfo(practice.time_zone)
    past = [
        pair
        for pair in results.course(
            session, submission.episode_id, submission.instrument_key, submission.respondent_id
        )
        if (pair[0].answered_at, pair[0].id) < (submission.answered_at, submission.id)
        and pair[0].instrument_version == submission.instrument_version
    ]
    past = results.comparable(past, submission, instrument)
    instrument, read = report_language.texts(instrument, submission.language)
    given = answers(instrument, submission.answers or {}, past)
    scales = [scale_of(instrument, s.id, result, given, past, zone) for s in instrument.scales]
    total = next((s for s, d in zip(scales, instrument.scales, strict=True) if d.id == "total"), None)
    return page.ReportInput(
        measure=measure(instrument, submission.language),
        people=_people(session, submission, practice, report_language.notes(submission, assignment, past)),
        course=_course(session, submission, assignment, zone, practice.time_zone),
        answers=report_language.beside(given, read, submission.answers or {}),
        answers_sha256=answers_hash(submission),
        scoring_version=stored.engine_version,
        report_version=VERSION,
        total=total,
        subscales=tuple(s for s in scales if s is not total),
        findings=tuple(findings(instrument, result)),
        alerts=tuple(_alerts(session, submission)),
        missing_rule=missing_rule(instrument, result),
        changed_most=_changed_most(instrument, submission, past),
        void="voided" if submission.voided_at else None,
    )


def answers_hash(submission: Submission) -> str:
    """sha256 over instrument, version and answers, as printed on the report."""
    text = json.dumps(
        [submission.instrument_key, submission.instrument_version, submission.answers or {}],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _get(session: Session, model: Any, row_id: UUID) -> Any:
    row = session.get(model, row_id)
    assert row is not None, model.__name__
    return row


def measure(instrument: Instrument, language: str) -> page.Measure:
    """The measure as its page names it, with the sources of its figures."""
    sources = [instrument.licence.source]
    for scale in instrument.scales:
        sources += [scale.source] + ([scale.bands.source] if scale.bands else [])
    sources += [figure.source for figure in instrument.change]
    sources += [s.source for s in instrument.screens] + [c.source for c in instrument.categories]
    return page.Measure(
        short=instrument.short_name,
        name=instrument.name,
        version=str(instrument.version),
        content_sha256=instrument.content_hash,
        language=language,
        printed=instrument.language if instrument.language and instrument.language != language else "",
        stem=instrument.stem,
        notice=instrument.licence.notice,
        licence=f"{instrument.short_name}: {instrument.licence.holder}",
        citations=tuple(dict.fromkeys(sources[1:])),
    )


def _people(
    session: Session, submission: Submission, practice: Practice, notes: tuple[str, ...]
) -> page.People:
    client = _get(session, Client, submission.client_id)
    respondent = _get(session, Respondent, submission.respondent_id)
    episode = _get(session, Episode, submission.episode_id)
    team = session.execute(
        select(Person, CareTeam.role)
        .join(CareTeam, CareTeam.person_id == Person.id)
        .where(
            CareTeam.client_id == client.id,
            CareTeam.from_at <= submission.answered_at,
            (CareTeam.until_at.is_(None)) | (CareTeam.until_at > submission.answered_at),
        )
    ).all()
    primary = next((p for p, role in team if role is CareRole.PRIMARY), None)
    supervisor = next((p for p, role in team if role is CareRole.SUPERVISOR), None)
    return page.People(
        report_label=client.report_label or "Client",
        clinician=_titled(primary) if primary else practice.name,
        practice=practice.name,
        supervisor=_titled(supervisor) if supervisor else None,
        mandated=episode.mandated,
        respondent_role=respondent.role.value,
        respondent_label=respondent.name or "",
        certainty=submission.identity,  # type: ignore[arg-type]
        reasons=REASONS[submission.identity] + notes,
    )


def _titled(person: Person) -> str:
    return f"{person.name}, {person.credentials}" if person.credentials else person.name


def _course(
    session: Session, submission: Submission, assignment: Assignment, zone: ZoneInfo, name: str
) -> page.Course:
    episode = _get(session, Episode, submission.episode_id)
    typist = session.get(Person, submission.typed_by) if submission.typed_by else None
    sittings = session.scalars(
        select(FormSession.id).where(
            FormSession.assignment_id == assignment.id, FormSession.first_answer_at.is_not(None)
        )
    ).all()
    opened = episode.opened_at.astimezone(zone).date()
    day = submission.answered_at.astimezone(zone).date()
    finished, made = iso(submission.answered_at), iso(now())
    assert finished is not None
    assert made is not None
    return page.Course(
        zone=name,
        finished_at=finished,
        made_at=made,
        channel=submission.channel.value,
        sent_at=None if _stayed_here(session, assignment.id) else iso(assignment.sent_at),
        started_at=iso(submission.started_at),
        typed_by=typist.known_as if typist else None,
        sittings=max(1, len(sittings)),
        occasion=assignment.occasion.value,
        episode_started=opened.isoformat(),
        episode_week=max(1, (day - opened).days // 7 + 1),
    )


def _choice(item: Item, answers: dict[str, str | None]) -> page.Choice | None:
    if item.id not in answers:
        return None
    code = answers[item.id]
    return page.Choice(item.words(code) or "", item.value(code))


def answers(instrument: Instrument, given: dict[str, str | None], past: Past) -> list[page.Answer]:
    """Every question with what was answered now, the last and the first time."""
    asked = {item.id for item in applicable(instrument, given)}
    last = past[-1][0].answers or {} if past else {}
    first = past[0][0].answers or {} if past else {}
    rows = []
    for place, item in enumerate(instrument.items, 1):
        code = given.get(item.id)
        state = "answered" if code is not None else "blank" if item.id in asked else "not_asked"
        rows.append(
            page.Answer(
                item=item.id,
                number=item.number or str(place),
                text=item.text,
                state=state,  # type: ignore[arg-type]
                label=item.words(code) or "",
                value=item.value(code),
                scored=item.scored,
                last=_choice(item, last),
                first=_choice(item, first),
            )
        )
    return rows


def findings(instrument: Instrument, result: dict[str, Any]) -> list[page.Finding]:
    """Screens and categories in words."""
    said = {True: "Yes", False: "No", None: "Cannot be said: something needed is not recorded"}
    found = [
        page.Finding(
            screen.label + ("" if screen.verified else " (figure not verified)"),
            said[result["screens"].get(screen.id)],
            screen.rule,
        )
        for screen in instrument.screens
    ]
    return found + [
        page.Finding(
            category.label + ("" if category.verified else " (rule not verified)"),
            result["categories"].get(category.id) or "Cannot be said: answers are missing",
        )
        for category in instrument.categories
    ]


def _alerts(session: Session, submission: Submission) -> list[page.Alert]:
    rows = session.scalars(
        select(Alert)
        .where(
            Alert.assignment_id == submission.assignment_id,
            Alert.instrument_key == submission.instrument_key,
        )
        .order_by(Alert.id)
    )
    found, stayed = [], _stayed_here(session, submission.assignment_id)
    for alert in rows:
        told = None if stayed else alerts.told(session, alert)
        found.append(
            page.Alert(
                item=alert.item_id,
                told=told[0] if told else None,
                told_by="email" if told else None,
                told_at=iso(told[1]) if told else None,
                state="acknowledged" if alert.acknowledged_at else "not_confirmed" if told else "not_sent",
                state_at=iso(alert.acknowledged_at),
            )
        )
    return found


def _stayed_here(session: Session, assignment_id: UUID) -> bool:
    """Whether messages of this ask lie in the local post: those were not sent to anybody."""
    here = select(Dispatch.id).where(Dispatch.assignment_id == assignment_id, Dispatch.code == "local-post")
    return session.scalars(here).first() is not None


def missing_rule(instrument: Instrument, result: dict[str, Any]) -> str:
    """The rule for blanks that was applied; empty where nothing is missing."""
    if not result.get("missing"):
        return ""
    for scale in instrument.scales:
        rule = scale.missing
        if rule.rule == "prorate":
            return f"Up to {rule.at_most} missing answers are filled with the mean of the others."
        if rule.rule == "zero":
            return f"Up to {rule.at_most} missing answers count as 0, as the measure’s own rule says."
    return "The measure has no rule for missing answers, so no total is given."


def _changed_most(
    instrument: Instrument, submission: Submission, past: Past
) -> tuple[page.ItemChange, ...] | None:
    """The two items that moved most since the last form; ties: worse before better, then printed order."""
    if not past:
        return None
    before, after = past[-1][0].answers or {}, submission.answers or {}
    scale = results.main_scale(instrument)
    up_is_better = instrument.scale(scale).higher_is_better if scale else False
    moved = []
    for place, item in enumerate(instrument.items):
        old, new = item.value(before.get(item.id)), item.value(after.get(item.id))
        if old is None or new is None or old == new:
            continue
        better = (new > old) == up_is_better
        moved.append((-abs(new - old), better, place, page.ItemChange(item.text, old, new, better)))
    return tuple(row[3] for row in sorted(moved, key=lambda row: row[:3])[:2])
