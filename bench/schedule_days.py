"""Schedules over 400 virtual days in every US zone: each turn at its wall time, once, none lost.

`python -m bench.schedule_days [--days 400] [--seed 4]` prints one line of JSON, writes it to
bench/results/schedule_days.json, and ends with exit code 1 where a rule was broken.

The scheduler's own batches run under a clock that jumps from moment to moment. Each zone has a client with
schedules weekly, every two weeks, monthly on the 29th, on Sundays at 1:30 and 2:30 (which come twice, or not
at all, when clocks change), and before each session. The days hold both changes of clocks, a leap day and two
turns of the year; some clients move to another zone, and the service is down at random times.

What is right is worked out here anew, with dateutil's rules and a search minute by minute: nothing of
`delivery.calendars` is used.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import time_machine
from sqlalchemy import select

from bench.schedule_truth import KINDS, PRACTICE, Plan, World, due, keys
from bench.stamp import stamp
from delivery import access, appointments
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client
from delivery.models.people import Practice
from delivery.models.schedules import Occurrence, ScheduleKind
from delivery.schedules import making
from delivery.schedules.making import Wanted
from delivery.service import Service
from tests import build
from workers import scheduler

RESULT = Path(__file__).parent / "results" / "schedule_days.json"
#: Every zone of a state or territory that keeps a time of its own.
ZONES: Final = (
    "America/New_York", "America/Detroit", "America/Indiana/Indianapolis", "America/Chicago",
    "America/Denver", "America/Boise", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
    "America/Adak", "Pacific/Honolulu", "America/Puerto_Rico", "America/St_Thomas", "Pacific/Guam",
    "Pacific/Pago_Pago",
)  # fmt: skip
START: Final = datetime(2027, 12, 1, 12, tzinfo=UTC)
#: How late the scheduler may be while it runs.
SOON: Final = timedelta(seconds=30)
LATE: Final = timedelta(hours=6)
MEASURES: Final = ("phq9", "gad7", "pcl5", "audit_c", "phq8", "gad2")


def build_world(service: Service, zones: Sequence[str], start: datetime) -> World:
    """A client for each zone with one schedule of each kind."""
    cast = build.cast(service)
    world = World([], {})
    with service.db.write() as session:
        session.get_one(Practice, cast.practice).time_zone = PRACTICE
    for number, zone in enumerate(zones):
        with service.db.write() as session:
            ada = access.caller(session, cast.ada)
            client = build.add_client(session, ada, f"Client{number}", "Bench", f"c{number}@example.org")
            client.time_zone = zone
        world.zones[client.id] = [(start, zone)]
        with service.db.write() as session:
            appointments.add(session, ada, client.id, "Wednesdays 10:00")
        for measure, (kind, (rule, clock)) in zip(MEASURES, KINDS.items(), strict=True):
            by_session = kind == "session"
            with service.db.write() as session:
                row = making.save(
                    session,
                    ada,
                    Wanted(
                        client_id=client.id,
                        instruments=[measure],
                        channel=Way.EMAIL,
                        kind=ScheduleKind.APPOINTMENTS if by_session else ScheduleKind.DATES,
                        rule="" if by_session else rule,
                        starts_on=start.date(),
                        wall_time="09:00" if by_session else clock,
                        reason="bench",
                    ),
                )
            world.plans.append(Plan(row.id, client.id, kind, date.fromisoformat(row.starts_on)))
    return world


def moments(world: World, start: datetime, until: datetime) -> Iterator[datetime]:
    """When something may happen: shortly after each turn in any zone that its client lives in, every 6 hours,
    and when the service is back."""
    found = {start + timedelta(hours=6 * n) for n in range(int((until - start) / timedelta(hours=6)))}
    for plan in world.plans:
        for key in keys(plan, until):
            for _, zone in world.zones[plan.client_id]:
                found.add(due(plan, key, zone) + timedelta(seconds=5))
    for begin, end in world.outages:
        found |= {begin - timedelta(seconds=1), end + timedelta(seconds=3)}
    for changes in world.zones.values():
        found |= {since + timedelta(seconds=10) for since, _ in changes}
    for at in sorted(found):
        if start <= at < until and not world.down(at):
            yield at


def run(service: Service, world: World, start: datetime, until: datetime) -> None:
    """The scheduler's batches at every moment; two schedulers take turns."""
    moves = sorted(
        (since, client_id, zone) for client_id, changes in world.zones.items() for since, zone in changes[1:]
    )
    for at in moments(world, start, until):
        while moves and moves[0][0] <= at:
            _, client_id, zone = moves.pop(0)
            with service.db.write() as session:
                session.get_one(Client, client_id).time_zone = zone
        with time_machine.travel(at, tick=False):
            for batch in scheduler.BATCHES:
                more = True
                while more:
                    with service.db.write() as session:
                        more = batch(session, service.settings)


def check(service: Service, world: World, start: datetime, until: datetime) -> dict[str, Any]:
    """Compare what was done with what is right."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    with service.db.read() as session:
        asks = {row.id: row for row in session.scalars(select(Assignment))}
        rows = session.scalars(select(Occurrence)).all()
    found: dict[tuple[UUID, str], Occurrence] = {}
    for row in rows:
        if (row.schedule_id, row.key) in found:
            faults.append(f"twice: {row.key}")
        found[row.schedule_id, row.key] = row
    made = Counter((row.schedule_id, row.occurrence) for row in asks.values())
    faults += [f"asked twice: {key}" for (_, key), times in made.items() if times > 1]
    for plan in world.plans:
        wanted = {key for key in keys(plan, until) if _settled(world, plan, key, start, until)}
        for key in sorted(wanted):
            one = found.get((plan.id, key))
            if one is None:
                faults.append(f"lost: {plan.kind} {key} in {world.zone(plan.client_id, until)}")
                continue
            counts[one.outcome.value] += 1
            fault = _fault(world, plan, one, asks.get(one.assignment_id) if one.assignment_id else None)
            faults += [fault] if fault else []
        for (schedule_id, key), row in found.items():
            if schedule_id == plan.id and key not in keys(plan, until + timedelta(days=3)):
                faults.append(f"not planned: {plan.kind} {key} {row.outcome.value}")
    faults += _catch_up(world, asks)
    return {
        "turns": sum(counts.values()),
        **{name: counts[name] for name in ("made", "missed", "blocked", "skipped")},
        "faults": len(faults),
        "first_faults": faults[:10],
    }


def _settled(world: World, plan: Plan, key: str, start: datetime, until: datetime) -> bool:
    """Whether a turn has to have been dealt with by the end, whatever zone its client lived in."""
    possible = [due(plan, key, zone) for _, zone in world.zones[plan.client_id]]
    return min(possible) > start and max(possible) < until - timedelta(days=2)


def _fault(world: World, plan: Plan, row: Occurrence, ask: Assignment | None) -> str | None:
    name = f"{plan.kind} {row.key} in {world.zone(plan.client_id, row.created_at)}"
    right = due(plan, row.key, world.zone(plan.client_id, row.created_at))
    if row.due_at != right:
        return f"due at a wrong time: {name}: {row.due_at} and not {right}"
    changes = [since for since, _ in world.zones[plan.client_id] if since <= row.created_at]
    ready = max(right, *changes)
    in_outage = [end for begin, end in world.outages if begin <= ready < end]
    if row.outcome.value == "missed":
        caught_up = any(
            begin <= row.created_at and row.created_at - end < SOON for begin, end in world.outages
        )
        return None if caught_up and in_outage else f"missed without an outage: {name}"
    if row.outcome.value != "made" or ask is None:
        return f"{row.outcome.value}: {name}"
    allowed = max([ready, *in_outage])
    if not timedelta() <= ask.created_at - allowed <= SOON:
        return f"asked at a wrong time: {name}: {ask.created_at} and not {allowed}"
    return None


def _catch_up(world: World, asks: dict[UUID, Assignment]) -> list[str]:
    """After an outage that kept back a turn for more than six hours a client gets one message."""
    faults = []
    kinds = {plan.id: plan for plan in world.plans}
    for _, end in world.outages:
        of_client: dict[UUID, list[bool]] = {}
        for row in asks.values():
            if end <= row.created_at < end + SOON and row.schedule_id in kinds and row.occurrence:
                plan = kinds[row.schedule_id]
                right = due(plan, row.occurrence, world.zone(row.client_id, row.created_at))
                of_client.setdefault(row.client_id, []).append(right < end - LATE)
        faults += [
            "two at once after an outage" for late in of_client.values() if any(late) and len(late) > 1
        ]
    return faults


def disturb(world: World, start: datetime, until: datetime, seed: int) -> None:
    """Some clients move to another zone, and the service is down now and then, for minutes up to days."""
    chance = random.Random(seed)
    span = until - start
    clients = list(world.zones)
    for client_id in clients[::3]:
        at = start + span * chance.uniform(0.2, 0.8)
        away = chance.choice([zone for zone in ZONES[:12] if zone != world.zones[client_id][0][1]])
        world.zones[client_id].append((at.replace(microsecond=0), away))
    at = start + span * 0.1
    while at < until - span * 0.2:
        length = min(
            timedelta(minutes=chance.choice([7, 45, 200, 420, 1500, 4 * 1440, 16 * 1440])), span / 12
        )
        world.outages.append((at.replace(microsecond=0), (at + length).replace(microsecond=0)))
        at += length + span * chance.uniform(0.03, 0.12)


def simulate(folder: Path, zones: Sequence[str], start: datetime, days: int, seed: int) -> dict[str, Any]:
    """Everything on a fresh SQLite installation; gives counts and faults."""
    with time_machine.travel(start, tick=False):
        service = build.service(folder)
        world = build_world(service, zones, start)
    until = start + timedelta(days=days)
    disturb(world, start, until, seed)
    run(service, world, start, until)
    result = check(service, world, start, until)
    service.db.close()
    return {
        "days": days,
        "zones": len(zones),
        "schedules": len(world.plans),
        "zone_changes": sum(len(changes) - 1 for changes in world.zones.values()),
        "outages": len(world.outages),
        **result,
    }


def main() -> None:
    """Run, write the result, and say with the exit code if every rule held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--seed", type=int, default=4)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lightq-bench-") as folder:
        result = {**simulate(Path(folder), ZONES, START, chosen.days, chosen.seed), **stamp()}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))
    if result["faults"]:
        sys.exit("a schedule asked at a wrong time, twice or not at all")


if __name__ == "__main__":
    main()
