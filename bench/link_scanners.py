"""A storm of mail scanners and link previews at one link of a running server: nothing may come of it (R1).

`python -m bench.link_scanners [--requests 10000] [--browsers 200]` writes bench/results/link_scanners.json;
exit code 1 where something came of it. 50 user agents in parallel threads send GET, HEAD, OPTIONS and the
press on Start in equal parts, half of them with cookies kept. A tenth as many go to a second link whose start
page asks for a word: pressing without one must use up no try. Then so many real browsers with scripts on open
the first link and press its first button. In the end a person answers through the same first link.

`--break answer` lets one robot also mark an answer, `--break try` lets one type a word: then the run has to
say so and end with 1. That is how we know that it looks.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from alembic import command
from sqlalchemy import select

from bench import link_browsers
from bench.stamp import ROOT, stamp
from delivery import clients, forms, links, passphrases
from delivery.cli import machine, once
from delivery.cli.browser import Browser
from delivery.cli.database import config
from delivery.cli.demo import free_port
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.results import Submission
from delivery.service import Service, start
from delivery.settings import Settings
from delivery.states import AssignmentState, LinkState
from tests import build

RESULT = Path(__file__).parent / "results" / "link_scanners.json"
METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")
KINDS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks/{n}",
    "Slackbot-LinkExpanding 1.{n} (+https://api.slack.com/robots)",
    "facebookexternalhit/1.{n}",
    "WhatsApp/2.{n}",
    "TelegramBot (like TwitterBot) {n}",
    "Barracuda Sentinel (EE) {n}",
    "Mimecast-URL-Protect/{n}",
    "ProofpointURLDefense/{n}",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.{n} LinkPresentation",
    "GoogleImageProxy/{n}",
)
AGENTS: Final = [kind.format(n=n) for kind in KINDS for n in range(5)]
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
WORD: Final = "blue heron"


class Robot:
    """One user agent on one kept connection; `keeps` says whether it sends cookies back."""

    def __init__(self, host: str, agent: str, keeps: bool) -> None:
        self.connection = http.client.HTTPConnection(host, timeout=60)
        self.agent, self.keeps, self.cookies = agent, keeps, dict[str, str]()

    def send(self, method: str, path: str, **fields: str) -> tuple[int, bool, str, str]:
        """(status, whether it set a cookie, location, body)."""
        headers = {"User-Agent": self.agent, **(FORM if method == "POST" else {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, urlencode(fields) if method == "POST" else None, headers)
        reply = self.connection.getresponse()
        body = reply.read().decode()
        cookie = reply.getheader("Set-Cookie")
        if cookie and self.keeps:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return reply.status, cookie is not None, reply.getheader("Location") or "", body


@contextmanager
def web(settings: Settings, port: int, log: Path) -> Iterator[None]:
    """The web process of `./lightq up`, ready; stopped in the end."""
    process = machine.web_process(settings, machine.environment(settings, "unix:///nobody-here"), port)
    with log.open("wb") as out:
        running = subprocess.Popen(
            process.argv, env={**os.environ, **process.env}, cwd=ROOT, stdout=out, stderr=out
        )
        try:
            deadline = time.monotonic() + 30
            while not (process.ready and process.ready()):
                if running.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the web process did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            running.terminate()
            running.wait(30)


def two_links(service: Service) -> tuple[str, str]:
    """The addresses of an ordinary link, and of one whose start page asks for a word."""
    cast = build.cast(service)
    plain = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    guarded = build.ask(service, cast.caller(service, cast.bo), cast.bo_client, ["gad2"])
    hashed = passphrases.hashed(WORD)
    with service.db.write() as session:
        (respondent,) = clients.respondents(session, cast.bo_client)
        passphrases.keep(session, cast.caller(service, cast.bo), respondent.id, hashed)
        tokens = {
            link.assignment_id: links.token(link, service.tokens) for link in session.scalars(select(Link))
        }
    return f"/q/{tokens[plain.id]}", f"/q/{tokens[guarded.id]}"


def storm(host: str, path: str, requests: int) -> tuple[Counter[str], int, float]:
    """Send them; how often which method met which status, cookies set by looking, and requests a second."""
    each = requests // len(AGENTS)

    def scan(number: int) -> list[tuple[str, int, bool]]:
        robot = Robot(host, AGENTS[number], keeps=number % 2 == 0)
        chance = random.Random(number)
        order = [METHODS[n % len(METHODS)] for n in range(each)]
        chance.shuffle(order)
        return [(method, *robot.send(method, path)[:2]) for method in order]

    began = time.monotonic()
    with ThreadPoolExecutor(len(AGENTS)) as pool:
        replies = [one for found in pool.map(scan, range(len(AGENTS))) for one in found]
    seconds = time.monotonic() - began
    met = Counter(f"{method} {status}" for method, status, _ in replies)
    by_looking = sum(cookie for method, _, cookie in replies if method != "POST")
    return met, by_looking, len(replies) / seconds


def misbehave(kind: str, host: str, plain: str, guarded: str) -> None:
    """What a robot must not be able to do unseen: mark an answer, or use up a try."""
    robot = Robot(host, AGENTS[0], keeps=True)
    if kind == "try":
        robot.send("POST", guarded, passphrase="a guess")
        return
    _status, _cookie, form, _body = robot.send("POST", plain)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', robot.send("GET", form)[3]))
    robot.send("POST", form, **{**hidden, "answer": "1", "go": "next"})


def came_of_it(service: Service, met: Counter[str], cookies_by_looking: int) -> list[str]:
    """What the storm left behind that it must not; nothing where all is well."""
    with service.db.read() as session:
        found_links = session.scalars(select(Link)).all()
        asks = session.scalars(select(Assignment.state)).all()
        sittings = session.scalars(select(FormSession)).all()
        submissions = session.scalars(select(Submission.id)).all()
    kept = [one for one in sittings if one.first_answer_at or set(one.draft or {}) - {forms.WAITING_USES}]
    faults = {
        "a link is not open": any(link.state is not LinkState.OPEN for link in found_links),
        "a try was used up": any(link.wrong_tries for link in found_links),
        "an ask has moved": any(state is not AssignmentState.PLANNED for state in asks),
        "answers were kept": bool(kept),
        "a submission is there": bool(submissions),
        "looking set a cookie": bool(cookies_by_looking),
        "pressing Start made no sitting, so the storm did not press": not sittings,
        "a request met a fault": any(int(one.split()[1]) >= 500 for one in met),
    }
    return [words for words, is_so in faults.items() if is_so]


def run(requests: int, browsers: int, broken: str | None, folder: Path) -> dict[str, Any]:
    """Start the server, let the storm come, look at what it left, and answer as a person."""
    port = free_port(8520)
    settings = build.settings(
        folder, base_url=f"http://127.0.0.1:{port}", client_url=f"http://localhost:{port}"
    )
    command.upgrade(config(settings.database), "head")
    service = start(settings)
    plain, guarded = two_links(service)
    with web(settings, port, folder / "web.log"):
        met, cookies, pace = storm(settings.client_host, plain, requests)
        met_guarded, more_cookies, _ = storm(settings.client_host, guarded, requests // 10)
        seen = link_browsers.visit(settings.client_url + plain, browsers)
        if broken:
            misbehave(broken, settings.client_host, plain, guarded)
        faults = came_of_it(service, met + met_guarded + seen, cookies + more_cookies)
        with service.db.read() as session:
            sittings = len(session.scalars(select(FormSession.id)).all())
        if not faults:
            phone = Browser(settings.client_url)
            once.fill_in(phone, phone.open(settings.client_url + plain), random.Random(1))
            with service.db.read() as session:
                if len(session.scalars(select(Submission.id)).all()) != 1:
                    faults.append("a person could not answer afterwards")
    service.db.close()
    return {
        "requests": met.total(),
        "agents": len(AGENTS),
        "per_second": round(pace),
        "met": dict(sorted(met.items())),
        "met_by_browsers": dict(sorted(seen.items())),
        "met_where_a_word_is_asked": dict(sorted(met_guarded.items())),
        "cookies_set_by_looking": cookies + more_cookies,
        "sittings_begun_by_robots": sittings,
        "came_of_it": faults,
    }


def main() -> None:
    """Run, write the result, and say with the exit code whether nothing came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--browsers", type=int, default=200)
    parser.add_argument("--break", dest="broken", choices=("answer", "try"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lightq-bench-") as folder:
        result = {**run(given.requests, given.browsers, given.broken, Path(folder)), **stamp()}
    if not given.broken:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    if result["came_of_it"]:
        sys.exit("something came of it: " + ", ".join(result["came_of_it"]))


if __name__ == "__main__":
    main()
