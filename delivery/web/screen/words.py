"""Plain words for visitors: what a measure is about, and what a result can and cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _

from delivery.screening.reading import Reading, Tier
from questionnaires.schema import Instrument


@dataclass(frozen=True)
class Topic:
    """What a measure is about. `raised` is said where a closer look is advised."""

    title: object
    raised: object


MOOD: Final = Topic(
    _("Mood questions"),
    _("Many people with answers like yours find that low mood gets in the way of their days."),
)
WORRY: Final = Topic(
    _("Worry questions"),
    _("Many people with answers like yours find that worry gets in the way of their days."),
)
BOTH: Final = Topic(
    _("Mood and worry questions"),
    _("Many people with answers like yours find that low mood or worry gets in the way of their days."),
)
ALCOHOL: Final = Topic(
    _("Questions about drinking"),
    _("For many people with answers like yours, drinking does harm, or may come to do so."),
)
DRUGS: Final = Topic(
    _("Questions about drugs"),
    _("For many people with answers like yours, drugs do harm, or may come to do so."),
)
EVENTS: Final = Topic(
    _("Questions about hard events"),
    _("Many people with answers like yours still carry something hard that happened to them."),
)
STRAIN: Final = Topic(
    _("Questions about strain"),
    _("Many people with answers like yours carry more strain than they can easily bear."),
)
BODY: Final = Topic(
    _("Questions about the body"),
    _("Many people with answers like yours are often bothered by their body. A doctor can look into it."),
)
WELL: Final = Topic(
    _("Questions about well-being"),
    _("Many people with answers like yours feel less well than they would like to."),
)
TOPICS: Final = {
    "phq9": MOOD,
    "phq8": MOOD,
    "phq2": MOOD,
    "gad7": WORRY,
    "gad2": WORRY,
    "phq4": BOTH,
    "audit": ALCOHOL,
    "audit_c": ALCOHOL,
    "cage": ALCOHOL,
    "dast10": DRUGS,
    "pcl5": EVENTS,
    "pcptsd5": EVENTS,
    "k6": STRAIN,
    "k10": STRAIN,
    "phq15": BODY,
    "who5": WELL,
}
#: Names of ranges, as their sources have them or plainer; others are shown as they stand.
BANDS: Final = {
    "none": _("none"),
    "none or minimal": _("none or minimal"),
    "minimal": _("minimal"),
    "normal": _("normal"),
    "low": _("low"),
    "mild": _("mild"),
    "medium": _("medium"),
    "moderate": _("moderate"),
    "moderately severe": _("moderately severe"),
    "substantial": _("substantial"),
    "high": _("high"),
    "severe": _("severe"),
    "zone I": _("lowest"),
    "zone II": _("second"),
    "zone III": _("third"),
    "zone IV": _("highest"),
    "likely to be well": _("lowest"),
    "likely to have a mild disorder": _("mild"),
    "likely to have a moderate disorder": _("moderate"),
    "likely to have a severe disorder": _("severe"),
}


def title(one: Instrument) -> str:
    """What a measure is called on the page: "Mood questions (PHQ-9)"."""
    topic = TOPICS.get(one.key)
    return f"{topic.title} ({one.short_name})" if topic else one.name


def band(label: str) -> str:
    """The name of a range."""
    return str(BANDS.get(label, label))


def headline(found: Reading | None) -> str:
    """The result in one sentence, without a number."""
    if found is None:
        return str(_("Here are your answers"))
    if found.value is None:
        return str(_("There is no total for these answers"))
    if found.band is not None:
        name = band(found.bands[found.band].label)
        return str(_("Your answers are in the %(band)s range", band=name))
    by_tier: dict[Tier, object] = {
        "raised": _("Your answers are in the range where a closer look is advised"),
        "low": _("Your answers are outside the range where a closer look is advised"),
        "unknown": _("These answers alone give no clear reading"),
    }
    return str(by_tier[found.tier])


def can(one: Instrument, found: Reading | None) -> str:
    """What the result can tell."""
    if found is not None and found.tier == "raised":
        topic = TOPICS.get(one.key)
        talk = str(_("Talking with someone often helps."))
        return f"{topic.raised} {talk}" if topic else talk
    if found is not None and found.tier == "low":
        return str(_("Nothing in it stands out. If something troubles you, talking with someone can help."))
    return str(_("It can help you to find words. If something troubles you, talking with someone can help."))
