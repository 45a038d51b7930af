"""`./lightq bench page_weight`: what a client's phone loads, over the server of a real installation.

With an empty cache: the first page with style sheets, fonts and icon, at most 30 KB; then each later page,
at most 15 KB. Bytes as Chromium counts them, headers included, of every response. Also counted: requests to
other hosts, console messages and reports of the content policy; all have to be 0. Writes
bench/results/page_weight.json; exit code 1 where a figure is missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.gallery_site import Site, at_port
from bench.gallery_walk import Walk, chromium, walking
from bench.stamp import ROOT, stamp
from delivery.cli import machine

RESULT: Final = ROOT / "bench" / "results" / "page_weight.json"
FIRST, LATER = 30_000, 15_000


@contextmanager
def served() -> Iterator[Site]:
    """The demo practice behind the web process of `./lightq up`."""
    with (
        tempfile.TemporaryDirectory(prefix="lightq-weight-") as folder,
        at_port(Path(folder)) as (site, port),
    ):
        settings = site.service.settings
        process = machine.web_process(settings, machine.environment(settings, "unix:///nobody-here"), port)
        with subprocess.Popen(
            process.argv,
            env={**os.environ, **process.env},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as running:
            try:
                until = time.monotonic() + 60
                while not (process.ready and process.ready()):
                    if running.poll() is not None or time.monotonic() > until:
                        raise SystemExit("the web process did not start")
                    time.sleep(0.1)
                yield site
            finally:
                running.terminate()
                running.wait(30)


class Meter:
    """Counts what the browser of a walk receives."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.taken: dict[str, tuple[str, int]] = {}
        self._urls: dict[str, str] = {}
        protocol = walk.page.context.new_cdp_session(walk.page)
        protocol.send("Network.enable")
        protocol.on("Network.requestWillBeSent", self._asked)
        protocol.on("Network.loadingFinished", self._finished)

    def _asked(self, said: Any) -> None:
        self._urls[said["requestId"]] = said["request"]["url"]

    def _finished(self, said: Any) -> None:
        url = self._urls.get(said["requestId"], "")
        self.taken[said["requestId"]] = (url, int(said["encodedDataLength"]))

    def page(self, name: str) -> dict[str, Any]:
        """What has come since the last page: bytes, and each response."""
        self.walk.page.wait_for_load_state("networkidle")
        parts = {
            url.split("?")[0].removeprefix(self.walk.site.url): size for url, size in self.taken.values()
        }
        self.taken.clear()
        parts = {("page" if "/static/" not in url else url): size for url, size in parts.items()}
        return {"page": name, "bytes": sum(parts.values()), "parts": parts}


def measure() -> dict[str, Any]:
    """One client, from the link to the end page, with a phone that has never been here."""
    with served() as site, chromium() as browser, walking(site, browser, "en") as walk:
        meter = Meter(walk)
        row = site.ask(site.client(), "phq9")
        pages = []
        walk.open(site.link(row))
        pages.append(meter.page("start"))
        walk.press()
        pages.append(meter.page("question 1"))
        walk.mark("1")
        pages.append(meter.page("question 2"))
        walk.press("to", "whole")
        pages.append(meter.page("whole form"))
        walk.press("go", "next")
        pages.append(meter.page("all answers"))
        walk.press("go", "send")
        pages.append(meter.page("missed"))
        walk.press("go", "send")
        for _ in range(2):
            if walk.page.locator("main [name=go][value=send]").count():
                walk.press("go", "send")
        pages.append(meter.page("end"))
        return {"pages": pages, "complaints": walk.complaints}


def main() -> int:
    """Measure, write, say what is too heavy."""
    result = {**stamp(), "limits": {"first": FIRST, "later": LATER}, **measure()}
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    missed = list(result["complaints"])
    for number, one in enumerate(result["pages"]):
        limit = LATER if number else FIRST
        print(f"{one['bytes']:6} of {limit} bytes  {one['page']}  {one['parts']}")
        if one["bytes"] > limit:
            missed.append(f"{one['page']}: {one['bytes']} bytes")
    print("\n".join(missed) or "ok")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
