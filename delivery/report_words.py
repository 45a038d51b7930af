"""The words of a report: dates, names of things, and the plain facts.

Dates and numbers are written by our own fixed rules, never by the machine's locale or zone, so that a
report of last year comes out letter by letter the same. `Words` belongs to one report (its zone) and one
interface language. The sentences that judge a score are in `report_verdicts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from delivery.charts import number
from delivery.report_input import Alert, Answer, Course, Cutoff, People, Scale

ZONES = {
    "America/Los_Angeles": "Pacific time",
    "America/Boise": "Mountain time",
    "America/Denver": "Mountain time",
    "America/Phoenix": "Arizona time",
    "America/Chicago": "Central time",
    "America/New_York": "Eastern time",
    "America/Anchorage": "Alaska time",
    "Pacific/Honolulu": "Hawaii time",
    "UTC": "UTC",
}


class Words:
    """Sentences in one language (None: English) for reports of one zone (IANA name)."""

    def __init__(self, zone: str, translations: NullTranslations | None = None) -> None:
        self.zone = ZoneInfo(zone)
        self.gettext = self._ = (translations or NullTranslations()).gettext

    # Dates and times

    def local(self, instant: str) -> datetime:
        """An ISO 8601 instant in the practice's zone. Raises ValueError without an offset."""
        moment = datetime.fromisoformat(instant)
        if moment.tzinfo is None:
            raise ValueError("a time in a report needs its offset")
        return moment.astimezone(self.zone)

    def zone_name(self) -> str:
        name = ZONES.get(self.zone.key)
        return self._(name) if name else self._("{place} time").format(place=self._place())

    def _place(self) -> str:
        return self.zone.key.rsplit("/", 1)[-1].replace("_", " ")

    def day(self, day: date, *, year: bool = True) -> str:
        """ "20 Nov 2026"."""
        months = self._("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
        return f"{day.day} {months[day.month - 1]}" + (f" {day.year}" if year else "")

    def moment(self, instant: str) -> str:
        """ "Fri 20 Nov 2026, 19:38"."""
        when = self.local(instant)
        weekday = self._("Mon Tue Wed Thu Fri Sat Sun").split()[when.weekday()]
        return f"{weekday} {self.day(when)}, {when:%H:%M}"

    def clock(self, instant: str, beside: str) -> str:
        """ "19:31" on the day of the instant `beside`, else "19 Nov, 18:00", with the year if it differs."""
        when, other = self.local(instant), self.local(beside)
        if when.date() == other.date():
            return f"{when:%H:%M}"
        return f"{self.day(when, year=when.year != other.year)}, {when:%H:%M}"

    # The three facts

    def who(self, people: People) -> str:
        """ "The client: likely"."""
        _ = self._
        role = {
            "self": _("The client"),
            "parent": _("parent"),
            "teacher": _("teacher"),
            "partner": _("partner"),
        }.get(people.respondent_role, _("other person"))
        name = f"{people.respondent_label} ({role})" if people.respondent_label else role
        sure = {
            "seen": _("seen"),
            "confirmed": _("confirmed"),
            "likely": _("likely"),
            "uncertain": _("uncertain"),
        }[people.certainty]
        return f"{name}: {sure}"

    def language(self, code: str) -> str:
        return {"en": self._("English"), "es": self._("Spanish")}.get(code, code)

    def channel(self, course: Course) -> str:
        _ = self._
        return {
            "email": _("Link by email"),
            "sms": _("Link by text message"),
            "kiosk": _("Waiting-room tablet"),
            "portal": _("Client portal"),
            "in_person": _("In person"),
            "public": _("Public screening page"),
        }[course.channel]

    def device(self, course: Course) -> str:
        """ "On a phone, in one sitting"; "" where neither is known."""
        _ = self._
        parts = []
        if course.device:
            known = {"phone": _("on a phone"), "tablet": _("on a tablet"), "computer": _("on a computer")}
            parts.append(known[course.device])
        if course.sittings:
            one = course.sittings == 1
            parts.append(_("in one sitting") if one else _("in {n} sittings").format(n=course.sittings))
        text = ", ".join(parts)
        return text[:1].upper() + text[1:]

    def sent(self, course: Course) -> str:
        """ "Started 19:31, sent 18:00, Pacific time"."""
        _ = self._
        parts = []
        if course.started_at:
            parts.append(_("Started {at}").format(at=self.clock(course.started_at, course.finished_at)))
        if course.sent_at:
            at = self.clock(course.sent_at, course.finished_at)
            parts.append(_("sent {at}").format(at=at) if parts else _("Sent {at}").format(at=at))
        return ", ".join([*parts, self.zone_name()])

    def place(self, course: Course) -> str:
        """ "Form 13 of the schedule “every 2 weeks”", or the occasion where there is no schedule."""
        _ = self._
        if course.schedule and course.form_number:
            return _("Form {n} of the schedule “{name}”").format(n=course.form_number, name=course.schedule)
        if course.schedule:
            return _("Schedule “{name}”").format(name=course.schedule)
        return {
            "screening": _("Screening, outside a schedule"),
            "progress": _("Progress, outside a schedule"),
            "outcome": _("Outcome, outside a schedule"),
        }[course.occasion]

    def episode(self, course: Course) -> str:
        """ "Week 24 of the episode (5 Jun 2026)"; "" where there is no episode."""
        _ = self._
        if not course.episode_started:
            return ""
        began = self.day(date.fromisoformat(course.episode_started))
        if course.episode_week is None:
            return _("Episode since {day}").format(day=began)
        return _("Week {n} of the episode ({day})").format(n=course.episode_week, day=began)

    def span(self, a: float, b: float) -> str:
        """ "21 to 14"; one number where both are equal."""
        return number(a) if a == b else self._("{a} to {b}").format(a=number(a), b=number(b))

    def sources(self, citations: Sequence[str]) -> str:
        """Where the figures come from; a source that several figures share is named once."""
        shared: dict[str, list[str]] = {}
        for one in citations:
            start = next((known for known in shared if one.startswith(known)), one)
            shared.setdefault(start, []).append(one.removeprefix(start).strip().rstrip("."))
        named = (" ".join([start.rstrip("."), *filter(None, more)]) for start, more in shared.items())
        return " · ".join(named).replace(" ;", ";") + "."

    # The drawing and the sum

    def now(self, score: str) -> str:
        return self._("now {n}").format(n=score)

    def earlier(self, since: str, score: float) -> str:
        _ = self._
        words = {"first": _("first {n}"), "last": _("last {n}"), "baseline": _("baseline {n}")}[since]
        return words.format(n=number(score))

    def cutoff(self, cutoff: Cutoff) -> str:
        words = self._("cut-off {n}") if cutoff.verified else self._("cut-off {n}, not verified")
        return words.format(n=number(cutoff.score))

    def scale_alt(self, short: str, scale: Scale, now: tuple[float, float]) -> str:
        """The first sentence of the drawing's alternative text, without its full stop."""
        _ = self._
        whole = _("{measure}, scale from {low} to {high}: ").format(
            measure=short, low=number(scale.low), high=number(scale.high)
        )
        if scale.value is None:
            return whole + _("no total, a possible range of {range}").format(range=self.span(*now))
        band = next((one for one in scale.bands if one.name == scale.band), None)
        if band is None:
            return whole + self.now(number(scale.value))
        return whole + _("{score}, in the band {name}, {range}").format(
            score=self.now(number(scale.value)), name=band.name, range=self.span(band.low, band.high)
        )

    def blank(self) -> str:
        return self._("blank")

    def total(self) -> str:
        return self._("Total:")

    def no_total(self) -> str:
        return self._("No total:")

    # The alert

    def question(self, number_: str) -> str:
        return self._("question {n}").format(n=number_)

    def left_blank(self, role: str, number_: str) -> str:
        words = (
            self._("question {n} was left blank by the client")
            if role == "self"
            else self._("question {n} was left blank by the person who answered")
        )
        return words.format(n=number_)

    def alert(self, alert: Alert, course: Course) -> str:
        """Who was told, when, by what, and what was known when the page was made; never "dealt with"."""
        _ = self._
        made = self.clock(course.made_at, course.finished_at)
        if alert.state == "not_sent" or alert.told is None:
            return _("Nobody had been told yet when this page was made, {made}.").format(made=made)
        how = {"email": _("by email"), "sms": _("by text"), "console": _("in the console")}
        by = f" {how[alert.told_by]}" if alert.told_by else ""
        at = f", {self.clock(alert.told_at, course.finished_at)}" if alert.told_at else ""
        told = _("Alert to {who}{by}{at}").format(who=alert.told, by=by, at=at)
        then = f", {self.clock(alert.state_at, course.finished_at)}" if alert.state_at else ""
        if alert.state == "not_confirmed":
            return f"{told}; " + _("not yet confirmed when this page was made, {made}.").format(made=made)
        known = _("taken up by {who}{at}") if alert.state == "acknowledged" else _("passed on to {who}{at}")
        known = known.format(who=alert.state_by or alert.told, at=then)
        return f"{told}; {known} " + _("(as known when this page was made, {made}).").format(made=made)

    def shown(self, answer: Answer) -> str:
        """What stands in the answer column."""
        _ = self._
        if answer.state == "blank":
            return _("Left blank")
        if answer.state == "not_asked":
            return _("Not asked, by the rules of the measure")
        return answer.label if answer.scored else _("{answer} (not scored)").format(answer=answer.label)
