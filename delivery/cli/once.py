"""`./lightq demo --once`: from ask to PDF for several clients, through real HTTP, broker and workers."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from delivery.cli import doors
from delivery.cli.browser import Browser, Form, Page
from delivery.cli.tablet import Tablet
from delivery.db import now
from delivery.models.ledger import Heartbeat
from delivery.models.results import Report
from delivery.service import start
from delivery.settings import Settings

PLAN: Final = (
    ("email", ["phq9", "gad7"]),
    ("email", ["phq9"]),
    ("email", ["gad7"]),
    ("email", ["pcl5"]),
    ("email", ["audit_c", "phq2"]),
    ("sms", ["phq9"]),
    ("sms", ["gad2"]),
    ("in_person", ["phq9", "gad7"]),
    ("in_person", ["gad2"]),
    ("portal", ["phq9"]),
    ("kiosk", ["phq9", "gad7"]),
    ("kiosk", ["gad2"]),
)
#: The undo time of the console does not apply to the API, so messages leave at once.
POLL_SECONDS: Final = 0.1
#: Buttons that lead on, the most final first.
ONWARD: Final = ("send", "store", "next")


class Stuck(Exception):
    """The walk cannot go on; the text says where."""


class TimedOut(Stuck):
    """Something did not arrive in time; the text names it."""


@dataclass
class Tally:
    """What the run did."""

    channel_of: dict[str, str] = field(default_factory=dict)
    messages: int = 0
    submissions: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    tablet: Tablet | None = None


def run(settings: Settings, out: Path, wait: int) -> int:
    """Do it, write `out/*.pdf` and `out/summary.json`; 0 where every report came, else 1 with its name."""
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    shown = json.loads((settings.data_dir / "demo.json").read_text(encoding="utf-8"))
    api = Browser(settings.base_url, {"Authorization": f"Bearer {shown['token']}"})
    console = _sign_in(settings, shown["sign_ins"][0])
    tally = Tally()
    deadline = began + wait
    try:
        for number, (channel, instruments) in enumerate(PLAN):
            _one_client(settings, api, console, tally, number, channel, instruments, deadline)
        _collect(settings, api, tally, out, deadline)
    except (Stuck, doors.NoWay) as error:
        ended = f"Timed out after {wait} s" if isinstance(error, TimedOut) else "Broken off"
        click.echo(f"{ended}: {error}", err=True)
        return 1
    summary = {
        "assignments": len(tally.channel_of),
        "messages": tally.messages,
        "submissions": len(tally.submissions),
        "reports": tally.reports,
        "workers": _workers(settings),
        "seconds": round(time.monotonic() - began, 2),
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    click.echo(
        f"{summary['assignments']} asked, {tally.messages} messages, "
        f"{summary['submissions']} measures answered, {len(tally.reports)} reports in {out} "
        f"after {summary['seconds']} s"
    )
    return 0


def _sign_in(settings: Settings, who: dict[str, str]) -> Browser:
    console = Browser(settings.base_url)
    page = console.open("/console/sign-in")
    form = next(f for f in page.forms if any(name == "password" for name, _ in f.fields))
    page = console.press(page, form, email=who["email"], password=who["password"])
    if page.status != 200 or "sign-in" in page.url:
        raise click.ClickException("Signing in to the console did not work.")
    return console


def _one_client(
    settings: Settings,
    api: Browser,
    console: Browser,
    tally: Tally,
    number: int,
    channel: str,
    instruments: list[str],
    deadline: float,
) -> None:
    stamp = time.time_ns()
    address = f"+1503555{stamp % 10_000:04d}" if channel == "sms" else f"once-{stamp}-{number}@example.net"
    made = _client(number, address, channel)
    client = _made(api.post_json("/api/v1/clients", made, **{"Idempotency-Key": f"{address}-c"}))
    ask = {"client_id": client["id"], "instruments": instruments, "occasion": "screening", "channel": channel}
    asked = _made(api.post_json("/api/v1/assignments", ask, **{"Idempotency-Key": f"{address}-a"}))
    tally.channel_of[asked["id"]] = channel
    walk = random.Random(number)  # noqa: S311 - invented answers
    if channel in ("email", "sms"):
        letter = _until(lambda: _letter(settings, address), deadline, "the message to a client")
        tally.messages += 1
        phone = Browser(settings.client_url)
        fill_in(phone, phone.open(letter["link"]), walk)
    elif channel == "portal":
        code = partial(_until, lambda: _code(settings, address), deadline, "the code for a client’s own page")
        fill_in(*doors.portal(settings, address, code), walk)
        tally.messages += 1
    elif channel == "kiosk":
        tally.tablet = tally.tablet or doors.enrolled(settings, console)
        doors.kiosk(console, tally.tablet, asked["id"], walk)
    else:
        fill_in(console, console.open(f"/console/assignments/{asked['id']}/answer"), walk)


def _client(number: int, address: str, channel: str) -> dict[str, Any]:
    kind = "sms" if channel == "sms" else "email"
    return {
        "given_name": f"Once{number}",
        "family_name": "Example",
        "sex_for_scoring": ("female", "male")[number % 2],
        "time_zone": _by_day(),
        "respondents": [
            {
                "role": "self",
                "contact_points": [{"kind": kind, "value": address}],
                "consents": [
                    {
                        "channel": kind,
                        "wording": "consent-1",
                        "given_at": "2026-01-05T12:00:00Z",
                        "how": "signed on paper",
                    }
                ],
            }
        ],
    }


def _by_day() -> str:
    """A zone where it is day just now: nobody gets a text at night, and the walk is done at any hour."""
    zones = (f"Etc/GMT{shift:+d}" for shift in range(-12, 13))
    return next(zone for zone in zones if 9 <= now().astimezone(ZoneInfo(zone)).hour < 19)


def _made(page: Page) -> dict[str, Any]:
    if page.status not in (200, 201, 202):
        raise Stuck(f"the API answered {page.status} at {page.url}")
    found: dict[str, Any] = page.json()
    return found


def _letter(settings: Settings, address: str) -> dict[str, Any] | None:
    """The message to an address in the local post, once it is there."""
    letters = Browser(settings.base_url).open("/outbox.json").json()
    return next((letter for letter in letters if letter["to"] == address), None)


def _code(settings: Settings, address: str) -> dict[str, Any] | None:
    """The message with six digits to an address, once it is there."""
    letters = Browser(settings.base_url).open("/outbox.json").json()
    found = (one for one in letters if one["to"] == address and doors.CODE.search(one["text"]))
    return next(found, None)


def _until(look: Callable[[], Any], deadline: float, what: str) -> Any:
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(POLL_SECONDS)
    raise TimedOut(f"{what} did not come. Are all workers running?")


def fill_in(browser: Browser, page: Page, walk: random.Random) -> Page:
    """Answer a form to its end as a person would: press Start, choose, go on, send. Raises Stuck."""
    for _ in range(200):
        form = next((f for f in page.forms if _goes_on(f)), None)
        if form is None and "/help" in page.url:  # shown after a risk answer; the form goes on from there
            page = browser.open(page.url.partition("/help")[0])
            continue
        if form is None:
            return page
        chosen = {name: _choose(values, walk) for name, values in form.radios.items()}
        button = next((b for word in ONWARD for b in form.buttons if b[1] == word), form.buttons[0])
        page = browser.press(page, form, button, **chosen)
        if page.status >= 400:
            raise Stuck(f"the page after “{page.title}” (a form answered {page.status})")
    raise Stuck("the end of a form")


def _goes_on(form: Form) -> bool:
    """Whether this form leads on: the start, a question, or sending; not "sign out" or "not for me"."""
    path = form.action.partition("?")[0]
    begins = path.startswith("/q/") and not path.endswith(("/no", "/new", "/code", "/resume"))
    return form.method == "post" and (begins or any(button[1] in ONWARD for button in form.buttons))


def _choose(values: list[str], walk: random.Random) -> str:
    return walk.choice([value for value in values if value != "blank"] or values)


def _collect(settings: Settings, api: Browser, tally: Tally, out: Path, deadline: float) -> None:
    """Wait for every report, and write it."""
    for assignment_id, channel in tally.channel_of.items():
        status = _until(
            partial(_completed, api, assignment_id), deadline, f"the answers of assignment {assignment_id}"
        )
        for one in status["submissions"]:
            submission = api.open(f"/api/v1/submissions/{one}").json()
            instrument = submission["instrument"]
            name = f"{channel}-{instrument}-{one[-12:]}.pdf"
            pdf = _until(partial(_pdf, api, one), deadline, f"the report of {instrument}")
            (out / name).write_bytes(pdf)
            tally.submissions.append(submission)
            tally.reports.append(
                {"file": name, "instrument": instrument, "channel": channel, "job_id": _job(settings, one)}
            )


def _completed(api: Browser, assignment_id: str) -> dict[str, Any] | None:
    page = api.open(f"/api/v1/assignments/{assignment_id}")
    found: dict[str, Any] = page.json()
    return found if found.get("submissions") else None


def _pdf(api: Browser, submission_id: str) -> bytes | None:
    page = api.open(f"/api/v1/submissions/{submission_id}/report.pdf")
    return page.body if page.status == 200 and page.body.startswith(b"%PDF") else None


def _job(settings: Settings, submission_id: str) -> str | None:
    """The queue's job that made the report: proof that a worker did it."""
    service = start(settings)
    with service.db.read() as session:
        return session.scalars(
            select(Report.job_id).where(Report.submission_id == UUID(submission_id))
        ).one_or_none()


def _workers(settings: Settings) -> list[int]:
    service = start(settings)
    with service.db.read() as session:
        return sorted(session.scalars(select(Heartbeat.pid).where(Heartbeat.kind == "worker")))
