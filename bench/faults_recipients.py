"""Who must not have got a message: judged by the carriers' record alone, with rules written down anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bench.faults_crowd import STOP_TAKES, Person
from delivery.models.messages import Dispatch
from tests.carrier import Json

DAY_BEGINS, DAY_ENDS = 8, 21
#: Messages to one number or address on one local day.
MOST = {"sms": 1, "email": 4}
#: Seconds: what was under way when the person said no.
UNDER_WAY = 1.0
DAY = 86400


def barred(accepted: Iterable[Json], people: Mapping[str, Person], ahead: float) -> list[Json]:
    """What arrived after its recipient had said no, at night, or beyond a day's number."""
    found: list[Json] = []
    per_day: Counter[tuple[str, object]] = Counter()
    for entry in accepted:
        person = people.get(entry["to"])
        if person is None:
            continue
        local = datetime.fromtimestamp(entry["at"] + ahead, UTC).astimezone(ZoneInfo(person.zone))
        per_day[entry["to"], local.date()] += 1
        asleep = not DAY_BEGINS <= local.hour < DAY_ENDS
        # An e-mail that a person sends just now may come at any hour; those of the night go by themselves.
        at_night = asleep and (entry["kind"] == "sms" or person.kind == "night")
        takes = STOP_TAKES if person.kind == "stop" else UNDER_WAY
        said_no = person.barred_at is not None and entry["at"] > person.barred_at + takes
        too_many = per_day[entry["to"], local.date()] > MOST[entry["kind"]]
        if said_no or at_night or too_many:
            found.append(entry)
    return found


def both_ways(messages: Sequence[tuple[Dispatch, str, list[Json]]], fates: Mapping[str, str]) -> list[str]:
    """Addresses of asks that came by e-mail and by text within a day, the first not proven dead."""
    by_ask: dict[object, list[tuple[float, str, str]]] = {}
    for row, to, came in messages:
        by_ask.setdefault(row.assignment_id, []).extend((one["at"], row.channel, to) for one in came)
    found = []
    for arrivals in by_ask.values():
        for (at, channel, to), (later, other, _) in zip(sorted(arrivals), sorted(arrivals)[1:], strict=False):
            if channel != other and later - at < DAY and not fates.get(to):
                found.append(to)
    return found
