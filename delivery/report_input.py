"""What a report is made from: one filled-in questionnaire, as plain frozen values.

`ReportInput` is assembled once, sealed, and kept. The same input always gives the same page and the
same PDF bytes, so everything that a page says (also "when it was made" and "what was known then") is
in here and nothing is looked up, counted or formatted later by a clock or a locale.

Times are ISO 8601 in UTC ("2026-11-21T03:38:00Z"), dates are ISO ("2026-06-05"); the page turns them
into the practice's zone. Scores are points on the measure's own scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

State = Literal["answered", "blank", "not_asked"]
Certainty = Literal["seen", "confirmed", "likely", "uncertain"]
Channel = Literal["email", "sms", "kiosk", "portal", "in_person", "public"]
Since = Literal["first", "last", "baseline"]
#: What a comparison found. `unverified` and `no_figure` state the difference and judge nothing;
#: `not_judged` is the case without a total (only a possible range).
Verdict = Literal[
    "reliable_improvement",
    "reliable_worsening",
    "no_reliable_change",
    "same",
    "too_early",
    "not_compared",
    "not_judged",
    "no_figure",
    "unverified",
]
Recovery = Literal["recovered", "not_recovered", "under_cutoff", "does_not_apply"]
AlertState = Literal["not_confirmed", "acknowledged", "escalated", "not_sent"]

#: Left out of the record where it is empty, so that records without it stay as they were.
Rare = Annotated[str, Field(exclude_if=lambda text: not text)]

_STRICT = {"extra": "forbid"}


class ReportInputError(ValueError):
    """Stored text is not a report input; the message names the first field at fault, never its value."""


@dataclass(frozen=True)
class Measure:
    """The measure exactly as it was asked."""

    short: str  # "PHQ-9"
    name: str  # "Patient Health Questionnaire-9"
    version: str
    content_sha256: str  # of the instrument definition, hex
    language: str = "en"  # of the wording that the client saw
    stem: str = ""  # the instruction above the questions
    notice: str = ""  # licence notice, as its owner words it
    licence: str = ""  # one short line for the footer
    citations: tuple[str, ...] = ()  # sources of bands, cut-offs, change figures
    printed: Rare = ""  # language of the texts here, where it is not `language`


@dataclass(frozen=True)
class People:
    """For whom and by whom."""

    report_label: str  # how the client is named on paper, "Elena R."
    clinician: str
    practice: str
    supervisor: str | None = None  # printed "under supervision of ..."
    mandated: bool = False  # answers given under a mandate
    respondent_role: str = "self"  # self | parent | teacher | partner | other
    respondent_label: str = ""  # "" for self
    certainty: Certainty = "likely"
    reasons: tuple[str, ...] = ()  # why that sure: "Own number, confirmed, not shared"


@dataclass(frozen=True)
class Course:
    """When and how the answers came, and where they stand in the treatment."""

    zone: str  # IANA name of the practice's zone
    finished_at: str
    made_at: str  # when this report was first made; kept for every later copy
    channel: Channel
    sent_at: str | None = None
    started_at: str | None = None
    typed_by: str | None = None  # a person who read out or typed
    device: Literal["phone", "tablet", "computer"] | None = None
    sittings: int | None = None
    occasion: Literal["screening", "progress", "outcome"] = "progress"
    schedule: str | None = None  # "every 2 weeks"
    form_number: int | None = None  # which form of that schedule
    stage: str | None = None  # a stage named by the clinician
    episode_started: str | None = None  # ISO date
    episode_week: int | None = None  # 1 = first week


@dataclass(frozen=True)
class Choice:
    """An earlier answer to the same question; `label` "" and `value` None when it was left blank."""

    label: str
    value: float | None = None


@dataclass(frozen=True)
class Answer:
    """One question and what was answered."""

    item: str  # item id, "phq9_9"
    number: str  # as printed, "9"
    text: str
    state: State = "answered"
    label: str = ""  # chosen option, as worded
    value: float | None = None
    scored: bool = True
    last: Choice | None = None
    first: Choice | None = None
    read: Rare = ""  # the question as it was read, where `text` is in another language
    said: Rare = ""  # the chosen option as it was read


@dataclass(frozen=True)
class Alert:
    """A critical answer (or a critical question left blank), and who was told."""

    item: str
    told: str | None = None  # "Dr. Rowan"
    told_by: Literal["email", "sms", "console"] | None = None
    told_at: str | None = None
    state: AlertState = "not_sent"  # what was known at `made_at`
    state_at: str | None = None
    state_by: str | None = None  # who took it up, or to whom it went on


@dataclass(frozen=True)
class Band:
    """A named part of a scale, both ends included."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Cutoff:
    """The first score that counts as clinical (the last one where higher is better)."""

    score: float
    verified: bool = True


@dataclass(frozen=True)
class Change:
    """A comparison with an earlier form, already judged by the questionnaire's own rules."""

    since: Since
    on: str  # ISO date of the earlier form, in the practice's zone
    score: float
    verdict: Verdict
    why: str | None = None  # reason for too_early and not_compared; words of the chosen baseline


@dataclass(frozen=True)
class ItemChange:
    """A question whose answer moved most since the last form."""

    name: str  # "sleep"
    before: float
    after: float
    better: bool


@dataclass(frozen=True)
class Scale:
    """A total or a subscale. Without a value, `possible` is what the blanks leave open."""

    name: str  # "Total", "Intrusion"
    low: float
    high: float
    value: float | None = None
    possible: tuple[float, float] | None = None
    prorated: bool = False
    band: str | None = None
    bands: tuple[Band, ...] = ()  # from low to high
    bands_verified: bool = True  # False: the bands were not compared with their source
    step: float = 1  # distance of two neighbouring scores
    lower_is_better: bool = True
    cutoff: Cutoff | None = None
    reliable: float | None = None  # smallest reliable change, points
    reliable_source: str = ""
    changes: tuple[Change, ...] = ()  # first, then last
    recovery: Recovery | None = None
    addends: tuple[float | None, ...] = ()  # scored values in order (None = blank) if it is a plain sum


@dataclass(frozen=True)
class Finding:
    """A screen or a category: `result` in words ("Met", "Not met", "Cannot be said: ...")."""

    name: str
    result: str
    rule: str = ""


@dataclass(frozen=True)
class ReportInput:
    """One report: one measure, answered once."""

    measure: Measure
    people: People
    course: Course
    answers: tuple[Answer, ...]
    answers_sha256: str
    scoring_version: str
    report_version: str
    total: Scale | None = None  # None where the measure has no official total
    subscales: tuple[Scale, ...] = ()
    findings: tuple[Finding, ...] = ()
    alerts: tuple[Alert, ...] = ()  # highest first
    missing_rule: str = ""  # the rule for blanks that was applied, in words
    changed_most: tuple[ItemChange, ...] | None = None  # None: there is no last form
    void: str | None = None  # reason, where the answers were declared void
    form: Literal[1] = 1  # shape of this record; a new number when fields change meaning

    __pydantic_config__: ClassVar[Any] = _STRICT

    def to_json(self) -> str:
        """One line of JSON; equal inputs give equal text."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> ReportInput:
        """The input back from `to_json`. Raises ReportInputError."""
        try:
            return _ADAPTER.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole text"
            raise ReportInputError(f"This is not a stored report: {where}: {first['msg']}") from None


_ADAPTER = TypeAdapter(ReportInput)
