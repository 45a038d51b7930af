"""Links that open nothing: the page and the time tell nobody which kind of nothing it was (R14).

`python -m bench.link_timing [--samples 2500]` writes bench/results/link_timing.json; exit code 1 where the
rule does not hold. Four kinds, taking turns in random order through the real WSGI app in one process:

* forged: the right form, a made-up id and signature;
* malformed: a real link's token cut short, with a letter too many, without its dot, or with a strange letter;
* unknown: signed with our key, but no link has this id;
* non-canonical: a real, open link's token with its signature spelled another way.

Rule: all bodies are the same bytes, and for each pair of kinds the medians lie within 2 ms and Welch's t is
below 4.5. Two signing keys are set, as after a rotation.
"""

from __future__ import annotations

import argparse
import base64
import gc
import itertools
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from alembic import command
from sqlalchemy import select
from werkzeug.test import EnvironBuilder

from bench.stamp import stamp
from delivery import links
from delivery.app import create_app
from delivery.cli.database import config
from delivery.models.assignments import Link
from delivery.service import Service, start
from delivery.signing import Purpose, encode
from tests import build

RESULT = Path(__file__).parent / "results" / "link_timing.json"
MOST_APART_MS: Final = 2.0
MOST_T: Final = 4.5
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OLDER_KEY: Final = "0lder-k3y-for-the-bench-only-1a2b3c4d5e-qrs"


def real_tokens(service: Service, asks: int) -> list[str]:
    """Tokens of open links of an installation with some clients and asks."""
    cast = build.cast(service)
    for _ in range(asks):
        build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    with service.db.read() as session:
        found = [links.token(link, service.tokens) for link in session.scalars(select(Link))]
    return [token for token in found if token is not None]


def respelled(token: str, chance: random.Random) -> str:
    """Another spelling of the same signature: the last letter carries four bits that mean nothing."""
    value = base64.urlsafe_b64decode(token[23:] + "==")
    twins = [
        token[:-1] + letter
        for letter in LETTERS
        if letter != token[-1] and base64.urlsafe_b64decode(token[23:-1] + letter + "==") == value
    ]
    return chance.choice(twins)


def kinds(service: Service, real: list[str], chance: random.Random) -> dict[str, Callable[[], str]]:
    """Kind -> a maker of fresh tokens of that kind."""

    def malformed() -> str:
        token, place = chance.choice(real), chance.randrange(1, 45)
        changed = [
            token[:place],
            token + chance.choice(LETTERS),
            token.replace(".", ""),
            token[:place] + "*" + token[place + 1 :],
        ]
        return chance.choice(changed)

    return {
        "forged": lambda: f"{encode(os.urandom(16))}.{encode(os.urandom(16))}",
        "malformed": malformed,
        "unknown": lambda: service.tokens.make(Purpose.LINK, os.urandom(16)),
        "non-canonical": lambda: respelled(chance.choice(real), chance),
    }


def looks(app: Any, host: str) -> Callable[[str], tuple[float, int, bytes]]:
    """A function that opens a token: (milliseconds, status, body)."""

    def look(token: str) -> tuple[float, int, bytes]:
        environ = EnvironBuilder(path=f"/q/{token}", base_url=f"http://{host}").get_environ()
        status: list[str] = []
        began = time.perf_counter_ns()
        reply = app(environ, lambda line, _headers, _info=None: status.append(line))
        body = b"".join(reply)
        took = time.perf_counter_ns() - began
        reply.close()
        return took / 1e6, int(status[0].split()[0]), body

    return look


def welch(one: list[float], other: list[float]) -> float:
    """Welch's t of two samples."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread)


def rounds(names: list[str], count: int, chance: random.Random) -> Iterator[str]:
    """Each name `count` times, all of them in each round, in random order."""
    for _ in range(count):
        yield from chance.sample(names, len(names))


def measure(service: Service, samples: int) -> dict[str, Any]:
    """Take the samples and compare the kinds."""
    chance = random.Random(2)
    make = kinds(service, real_tokens(service, 20), chance)
    look = looks(create_app(service=service), service.settings.client_host)
    for name in rounds(list(make), 50, chance):  # warm
        look(make[name]())
    times: dict[str, list[float]] = {name: [] for name in make}
    statuses: set[int] = set()
    bodies: set[bytes] = set()
    gc.disable()
    for number, name in enumerate(rounds(list(make), samples, chance)):
        took, status, body = look(make[name]())
        times[name].append(took)
        statuses.add(status)
        bodies.add(body)
        if number % 200 == 0:
            gc.collect()
    gc.enable()
    pairs = {
        f"{one} / {other}": {
            "medians_apart_ms": round(
                abs(statistics.median(times[one]) - statistics.median(times[other])), 4
            ),
            "welch_t": round(welch(times[one], times[other]), 2),
        }
        for one, other in itertools.combinations(times, 2)
    }
    return {
        "samples_each": samples,
        "statuses": sorted(statuses),
        "different_bodies": len(bodies),
        "median_ms": {name: round(statistics.median(found), 4) for name, found in times.items()},
        "pairs": pairs,
        "holds": statuses == {404}
        and len(bodies) == 1
        and all(
            pair["medians_apart_ms"] <= MOST_APART_MS and abs(pair["welch_t"]) < MOST_T
            for pair in pairs.values()
        ),
    }


def main() -> None:
    """Measure on a fresh SQLite installation, write the result, and say with the exit code if it holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=2500, help="of each kind")
    samples = parser.parse_args().samples
    with tempfile.TemporaryDirectory(prefix="lightq-bench-") as folder:
        settings = build.settings(Path(folder), secret_keys=f"{OLDER_KEY},{build.KEY}")
        command.upgrade(config(settings.database), "head")
        service = start(settings)
        result = {**measure(service, samples), **stamp()}
        service.db.close()
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    if not result["holds"]:
        sys.exit("links that open nothing can be told apart")


if __name__ == "__main__":
    main()
