"""What a fault run does, by group: each group has an installation of its own, and some run side by side.

The names begin with the fault's number in the list of injections (trust.md, 6.2).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bench import faults_blows as blows
from bench.faults_blows import kills, sleeps
from bench.faults_carrier import ROUGH, SLOW
from bench.faults_run import Phase
from bench.faults_site import SCHEDULERS, SENDING, Site
from delivery.models.assignments import Way
from tests.carrier import CallbackFaults, Faults
from tests.smtp_carrier import SmtpFaults

MAIL = SmtpFaults(
    busy=0.03,
    try_later=0.05,
    drop_before_dot=0.03,
    drop_in_message=0.02,
    drop_after_dot=0.03,
    slow_seconds=SLOW,
)
CALLBACKS = CallbackFaults(repeated=0.02, reordered=0.05, delayed=0.03, times=3, delay_seconds=2.0)
WORKERS = (*SENDING, "score", "report")

F1 = Phase(
    "F1 worker parent killed",
    blow=kills(WORKERS, ("itself",)),
    faults=ROUGH,
    mail=MAIL,
    callbacks=CALLBACKS,
    submits=0.15,
)
F2 = replace(F1, fault="F2 worker killed with its children", blow=kills(WORKERS, ("all",)))
F3 = Phase(
    "F3 only the child of a worker killed", blow=kills(("report",), ("children",)), every=0.7, submits=1.0
)
F5 = Phase("F5 web killed while answers are sent", blow=kills(("web",)), every=2.5, submits=1.0, mail=MAIL)
F6 = Phase("F6 schedulers killed, two at once", blow=kills(SCHEDULERS), faults=ROUGH, mail=MAIL)
F7 = Phase(
    "F7 PostgreSQL stopped at once and started", blow=blows.crash_database, every=4.0, least=15, faults=ROUGH
)
F8 = Phase("F8 connections to PostgreSQL cut", blow=blows.cut_database, every=0.7, faults=ROUGH, submits=0.5)
F10 = Phase("F10 broker killed and emptied", blow=blows.wipe, every=2.0, faults=ROUGH, mail=MAIL)
F11 = Phase("F11 broker full or read-only", blow=blows.choke, every=5.0, least=10, after=blows.unchoke)
F24 = Phase("F24 client network cut at every byte", submits=2.0, cut=0.4, callbacks=CALLBACKS)
F14 = Phase(
    "F14 accepted, reply lost",
    faults=Faults(drop_reply=0.35),
    mail=SmtpFaults(drop_after_dot=0.15),
)
F15 = Phase(
    "F15 carrier slow, broken or full",
    faults=Faults(
        drop_reply=0.04,
        server_error=0.06,
        too_many=0.04,
        slow=0.02,
        reset=0.04,
        trickle=0.02,
        bad_json=0.04,
        half_open=0.02,
        slow_seconds=2.5,
        trickle_seconds=0.3,
    ),
    mail=replace(MAIL, slow=0.02, slow_seconds=6.0),
)
F15_OUT = Phase("F15 carrier out of order for a while", blow=blows.outage, every=12.0, least=4)
F14_EVENTS = Phase(
    "F14 reply lost, SendGrid with events only",
    faults=Faults(drop_reply=0.3),
    ways=(Way.EMAIL,),
    more={"LIGHTQ_SENDGRID_ACTIVITY": "False"},
)
F16 = Phase(
    "F16 callbacks lost, forged, replayed, repeated 50 times",
    faults=Faults(drop_reply=0.1),
    callbacks=CallbackFaults(
        lost=0.1, repeated=0.1, reordered=0.15, delayed=0.1, forged=0.2, replayed=0.2, delay_seconds=4.0
    ),
    dead=0.15,
)
F20 = Phase("F20 worker asleep beyond its lease", blow=sleeps(SENDING), every=1.5, faults=ROUGH, mail=MAIL)
CRASH_SEND = Phase(
    "F4 crash at every line of the send path",
    names=("broker", "crash_send", "scheduler-1", "web"),
    faults=ROUGH,
    mail=replace(MAIL, busy=0.0),
    lanes=("interactive", "interactive", "interactive", "bulk"),
    crashes=True,
)
CRASH_WEB = Phase(
    "F4 crash at every line of the submit path",
    names=("broker", "crash_web", "send-1", "bulk-1", "scheduler-1", "score", "report"),
    submits=1.0,
    barred=0.0,
    crashes=True,
)
HOUR, DAY = 3600.0, 86400.0


def _hours_later(site: Site) -> None:
    """Two hours on for everybody: what a fast clock put off for an hour is due then."""
    site.set_clocks(2 * HOUR)


def _before_eight(month: int, day: int) -> Callable[[Site], None]:
    """All clocks to 20 seconds before 8 in the morning in New York, on a day on which its clocks change."""

    def go(site: Site) -> None:
        eight = datetime(2027, month, day, 8, tzinfo=ZoneInfo("America/New_York"))
        site.set_clocks(eight.timestamp() - 20 - time.time())
        site.crowd.day = "America/New_York"

    return go


F17 = Phase(
    "F17 clocks jump an hour or a day, 90 s between processes",
    blow=blows.clocks((*SENDING, *SCHEDULERS, "web"), (HOUR, -HOUR, -DAY, 45.0, -45.0, 0.0, 0.0)),
    faults=Faults(drop_reply=0.06, server_error=0.04),
    callbacks=CallbackFaults(lost=0.5),  # so that often the look-up decides, which goes by the clock
    quiet_after=_hours_later,
    submits=0.3,
)
F18 = Phase(
    "F18 clocks change in the night, messages due at eight (spring)",
    before=_before_eight(3, 14),
    once="clocks changed",
    ways=(Way.SMS,),
    barred=0.0,
)
F18_AUTUMN = replace(F18, fault=F18.fault.replace("spring", "autumn"), before=_before_eight(11, 7))
ANY = Phase(
    "F1-F6, F10 all of it at once",
    blow=kills(("broker", *SENDING, *SCHEDULERS, "web")),
    faults=ROUGH,
    mail=MAIL,
    callbacks=CALLBACKS,
    submits=0.2,
)


@dataclass(frozen=True)
class Group:
    """Phases on one installation. `share` of the run's messages and of its submits."""

    name: str
    database: str
    email: str
    share: float
    submits: float
    phases: tuple[Phase, ...]


def _by_mail(phase: Phase, share: float) -> Phase:
    return replace(phase, fault=f"{phase.fault} (SMTP)", ways=(Way.EMAIL,), share=share)


API: Final = Group(
    "api",
    "sqlite",
    "sendgrid",
    0.55,
    0.4,
    (
        replace(ANY, share=4),
        replace(F1, share=2),
        replace(F2, share=2),
        F3,
        F6,
        F10,
        F11,
        replace(F14, share=2),
        replace(F15, share=2),
        F15_OUT,
        replace(F16, share=2),
        F20,
        F14_EVENTS,
        F24,
    ),
)
SMTP: Final = Group(
    "smtp",
    "sqlite",
    "smtp",
    0.25,
    0.6,
    (
        replace(_by_mail(F5, 2), submits=4.0),
        _by_mail(ANY, 2),
        _by_mail(F1, 1),
        _by_mail(F10, 1),
        _by_mail(F14, 1),
        _by_mail(F15, 1),
        _by_mail(F15_OUT, 1),
        _by_mail(F20, 1),
    ),
)
CLOCKS: Final = Group("clocks", "sqlite", "sendgrid", 0.05, 0.03, (F17, F18, F18_AUTUMN))
CRASH: Final = Group("crash", "sqlite", "sendgrid", 0.07, 0.2, (CRASH_SEND, CRASH_WEB))
CRASH_MAIL: Final = Group("crash-smtp", "sqlite", "smtp", 0.03, 0.0, (_by_mail(CRASH_SEND, 1),))
POSTGRES: Final = Group("postgresql", "postgresql", "sendgrid", 0.1, 0.1, (F7, F8))
GROUPS: Final = (API, SMTP, CRASH, CRASH_MAIL, POSTGRES, CLOCKS)

_FEW = ("broker", "send-1", "bulk-1", "scheduler-1", "web", "score")
#: A minute's worth: the main faults on each transport, with fewer processes.
QUICK: Final = (
    Group(
        "quick-api",
        "sqlite",
        "sendgrid",
        0.6,
        0.7,
        (
            replace(ANY, blow=kills(("broker", "send-1", "bulk-1", "web")), names=_FEW, every=2.0, least=4),
            replace(F16, names=_FEW, callbacks=replace(F16.callbacks, delay_seconds=1.0)),
        ),
    ),
    Group(
        "quick-smtp",
        "sqlite",
        "smtp",
        0.4,
        0.3,
        (
            replace(
                _by_mail(ANY, 1), blow=kills(("broker", "send-1", "bulk-1")), names=_FEW, every=2.0, least=3
            ),
        ),
    ),
)
IDLE: Final = Group("idle", "sqlite", "sendgrid", 0.0, 0.0, ())
#: The same blows with the ledger switched off.
CONTROL: Final = Group(
    "control",
    "sqlite",
    "sendgrid",
    1.0,
    0.0,
    (replace(ANY, fault="kills, ledger switched off", barred=0.0, dead=0.0, submits=0.0),),
)
