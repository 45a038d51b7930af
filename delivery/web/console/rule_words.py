"""The rules of a measure in words: conditions, scales, missing answers, settings."""

from __future__ import annotations

from collections.abc import Iterable

from delivery.web.console.words import _, number
from questionnaires.conditions import Condition, Count
from questionnaires.rules import ChangeFigure, Critical, Missing, Scale, Screen
from questionnaires.schema import Ages, Instrument


def setting(code: str) -> str:
    """Where it may be used: "by link"."""
    return {
        "remote": _("by link"),
        "kiosk": _("on the tablet"),
        "in_person": _("together"),
        "public": _("on the public page"),
    }.get(code, code)


def purpose(code: str) -> str:
    """What it is for."""
    return {
        "screening": _("screening"),
        "progress": _("progress"),
        "outcome": _("outcome"),
    }.get(code, code)


def respondent(code: str) -> str:
    """Who answers."""
    return {
        "self": _("the person"),
        "parent": _("a parent"),
        "teacher": _("a teacher"),
        "partner": _("a partner"),
        "clinician": _("the clinician"),
        "other": _("someone else"),
    }.get(code, code)


def licence(code: str) -> str:
    """A licence's status in words."""
    return {
        "free": _("free to use"),
        "no_derivatives": _("free to use; the wording may not be changed"),
        "non_commercial": _("free on terms that the practice accepts once"),
        "definition_only": _("scoring only; the wording needs a licence or permission"),
        "unsettled": _("not settled"),
    }.get(code, code)


def ages(those: Ages) -> str:
    """ "18 and older", "4 to 17", "any age"."""
    if those.high is None and not those.low:
        return _("any age")
    if those.high is None:
        return _("%(low)s and older", low=those.low)
    return _("%(low)s to %(high)s", low=those.low, high=those.high)


def numbers(instrument: Instrument, ids: Iterable[str]) -> str:
    """Questions by their printed numbers: "1, 3 and 5", or "1 to 9"."""
    names = [name_of(instrument, one) for one in ids]
    if len(names) > 2 and all(one.isdigit() for one in names):
        first = int(names[0])
        if [int(one) for one in names] == list(range(first, first + len(names))):
            return _("%(low)s to %(high)s", low=names[0], high=names[-1])
    return joined(names, _("and"))


def name_of(instrument: Instrument, item_id: str) -> str:
    """An item's printed number, or its place where none is printed."""
    for place, item in enumerate(instrument.items, 1):
        if item.id == item_id:
            return item.number or str(place)
    return item_id


def joined(parts: list[str], last: str) -> str:
    """Parts as a list in a sentence."""
    return f" {last} ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def made_of(instrument: Instrument, scale: Scale) -> str:
    """How a scale is made: "sum of questions 1 to 9"."""
    how = {"sum": _("sum of"), "mean": _("mean of"), "count": _("number of")}[scale.method]
    if scale.scales:
        labels = [instrument.scale(one).label for one in scale.scales]
        words = f"{how} {joined(labels, _('and'))}"
    elif scale.items == tuple(item.id for item in instrument.items if item.scored):
        n = len(scale.items)
        words = f"{how} " + (_("all %(n)s scored questions", n=n) if n > 1 else _("the one scored question"))
    else:
        words = f"{how} " + _("questions %(which)s", which=numbers(instrument, scale.items))
    if scale.method == "count":
        words += " " + _("that reach %(value)s", value=number(scale.reach))
        for one, value in scale.reach_for.items():
            words += ", " + _("question %(n)s %(value)s", n=name_of(instrument, one), value=number(value))
    if scale.reverse:
        words += "; " + _("turned round: %(which)s", which=numbers(instrument, scale.reverse))
    if scale.multiply != 1:
        words += "; " + _("times %(factor)s", factor=number(scale.multiply))
    if scale.round_to is not None:
        words += "; " + _("rounded to %(n)s decimals, a half up", n=scale.round_to)
    return words


def missing(rule: Missing) -> str:
    """The missing-item rule of a scale."""
    among = _("on the whole form") if rule.among == "form" else _("of its questions")
    if rule.rule == "prorate":
        return _(
            "Up to %(n)s %(among)s may be blank: filled with the mean of the others.",
            n=rule.at_most,
            among=among,
        )
    if rule.rule == "zero":
        return _("Up to %(n)s %(among)s may be blank: they count as 0.", n=rule.at_most, among=among)
    return _("One blank and there is no score, only the possible range.")


def change(figure: ChangeFigure) -> str:
    """A figure on change: "reliable change: 5 points"."""
    kind = {
        "reliable": _("reliable change"),
        "important": _("smallest change that matters"),
        "cutoff": _("clinical cut-off"),
    }[figure.kind]
    if figure.percent is not None:
        return f"{kind}: {number(figure.percent)} %"
    one = figure.points == 1
    return f"{kind}: " + (_("1 point") if one else _("%(n)s points", n=number(figure.points)))


def critical(instrument: Instrument, rule: Critical) -> str:
    """When a critical answer is told."""
    return condition(instrument, rule.condition)


def screen(instrument: Instrument, one: Screen) -> str:
    """A screen's rule where the file's own words leave out whom it is for."""
    return "; ".join(f"{name}: {condition(instrument, case)}" for name, case in one.cases.items())


def condition(instrument: Instrument, one: Condition) -> str:
    """A condition as a sentence's part."""
    if one.parts:
        return _parts(instrument, one)
    if one.count:
        return _count(instrument, one.count, _limits(one))
    if one.item:
        return _item(instrument, one)
    if one.scale:
        return f"{instrument.scale(one.scale).label} {_limits(one)}"
    what = {"sex": _("sex"), "age": _("age")}.get(one.context or "", one.context or "")
    return f"{what} {one.equals or _limits(one)}"


def _parts(instrument: Instrument, one: Condition) -> str:
    parts = [condition(instrument, part) for part in one.parts]
    inner = [f"({words})" if part.parts else words for part, words in zip(one.parts, parts, strict=True)]
    if one.all_of:
        return joined(inner, _("and"))
    if one.any_of:
        return joined(inner, _("or"))
    if one.none_of:
        return _("none of: %(parts)s", parts="; ".join(inner))
    return _("of these, %(limits)s: %(parts)s", limits=_limits(one), parts="; ".join(inner))


def _count(instrument: Instrument, count: Count, limits: str) -> str:
    others = {item: value for item, value in count.reach_for.items() if value != count.reach}
    words = _(
        "%(limits)s of questions %(which)s at %(reach)s or more",
        limits=limits,
        which=numbers(instrument, count.items),
        reach=number(count.reach),
    )
    for item, value in others.items():
        at = _("question %(n)s at %(value)s or more", n=name_of(instrument, item), value=number(value))
        words += f" ({at})"
    return words


def _item(instrument: Instrument, one: Condition) -> str:
    question = _("question %(n)s", n=name_of(instrument, one.item or ""))
    if one.left_blank:
        return _("%(question)s left blank", question=question)
    if one.codes:
        item = instrument.item(one.item or "")
        labels = [f"“{item.words(code) or code}”" for code in one.codes]
        return _("%(answer)s to %(question)s", answer=joined(labels, _("or")), question=question)
    return _("%(question)s scores %(limits)s", question=question, limits=_limits(one))


def _limits(one: Condition) -> str:
    low, high = one.at_least, one.at_most
    if low is not None and high is not None:
        return number(low) if low == high else _("%(low)s to %(high)s", low=number(low), high=number(high))
    if low is not None:
        return _("%(n)s or more", n=number(low))
    return _("%(n)s or less", n=number(high))
