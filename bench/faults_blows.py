"""The ways to hurt an installation: each blow says what it hit, or None where there was nothing to hit."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from redis import Redis
from redis.exceptions import RedisError

from bench.faults_machine import SLEEP, Relatives
from bench.faults_site import Site

Blow = Callable[[Site, random.Random], str | None]


def kills(names: Sequence[str], who: Sequence[Relatives] = ("itself", "children", "all")) -> Blow:
    """`kill -9` of a random one of these, of its children, or of both.

    Mostly one that is at work, sometimes one that is still starting; never one that was hit lately, so that
    the quickest to come up (the broker) does not take all the blows.
    """
    lately: deque[str] = deque(maxlen=len(names) // 3)
    hits = 0

    def blow(site: Site, chance: random.Random) -> str | None:
        nonlocal hits
        machine = site.machine
        ready = machine.alive(names) if hits % 7 == 6 else machine.at_work(names)
        fair = [name for name in ready if name not in lately]
        name = chance.choice(fair) if fair else None
        if name is None or not machine.kill(name, chance.choice(tuple(who))):
            return None
        lately.append(name)
        hits += 1
        return name

    return blow


def sleeps(names: Sequence[str], seconds: float = SLEEP) -> Blow:
    """A random one of these stopped past its lease, then woken."""

    def blow(site: Site, chance: random.Random) -> str | None:
        running = site.machine.alive(names)
        name = chance.choice(running) if running else None
        return name if name and site.machine.sleep(name, seconds) else None

    return blow


def wipe(site: Site, _chance: random.Random) -> str | None:
    """The broker emptied, killed, and its file deleted."""
    return "broker" if site.machine.wipe_broker() else None


def choke(site: Site, chance: random.Random) -> str | None:
    """The broker full, or read-only (it wants a replica that is not there), for two seconds."""
    full = {"maxmemory": "1mb", "min-replicas-to-write": "0"}
    read_only = {"maxmemory": "0", "min-replicas-to-write": "1"}
    with suppress(RedisError, OSError), Redis.from_url(site.service.settings.redis_url) as broker:
        chosen = chance.choice((full, read_only))
        for name, value in chosen.items():
            broker.config_set(name, value)
        threading.Timer(CHOKED, unchoke, [site]).start()
        return "full" if chosen is full else "read-only"
    return None


CHOKED = 2.0
WELL = {"maxmemory": "0", "min-replicas-to-write": "0"}


def unchoke(site: Site) -> None:
    """The broker well again."""
    with suppress(RedisError, OSError), Redis.from_url(site.service.settings.redis_url) as broker:
        for name, value in WELL.items():
            broker.config_set(name, value)


def outage(site: Site, _chance: random.Random) -> str | None:
    """The providers out of order for a while: every call ends in an error, some taken all the same."""
    carriers = site.carriers
    before = carriers.web.faults, carriers.mail.faults, carriers.web.outgoing.faults
    if before[0].server_error == 1.0:
        return None
    carriers.rough(replace(before[0], server_error=1.0), replace(before[1], busy=1.0), before[2])
    threading.Timer(OUTAGE, carriers.rough, before).start()
    return "outage"


#: Seconds: long enough for the breaker to open and to try again.
OUTAGE = 8.0


def crash_database(site: Site, _chance: random.Random) -> str | None:
    """An immediate stop of PostgreSQL and a start."""
    return "postgresql" if site.server.crash() else None


def cut_database(site: Site, _chance: random.Random) -> str | None:
    """Every connection to PostgreSQL ended."""
    return "connections" if site.server.cut() else None


def clocks(names: Sequence[str], offsets: Sequence[float]) -> Blow:
    """The clock of a random one of these jumps to one of the offsets, in seconds."""

    def blow(site: Site, chance: random.Random) -> str | None:
        name, seconds = chance.choice(tuple(names)), chance.choice(tuple(offsets))
        site.set_clocks(seconds, [name])
        return f"{name} {seconds:+.0f} s"

    return blow


def nothing(_site: Site, _chance: random.Random) -> str | None:
    """Only what runs anyway: the carriers' faults and two schedulers at once."""
    return None
