"""The whole service as a person starts it: one command, real processes, a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.cli import machine
from delivery.cli.browser import Browser
from delivery.cli.demo import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass(frozen=True)
class Machine:
    """A running demo."""

    base: str
    client: str
    data_dir: Path
    pid: int

    @property
    def shown(self) -> dict[str, Any]:
        """Sign-ins and the API token that the demo printed."""
        found: dict[str, Any] = json.loads((self.data_dir / "demo.json").read_text(encoding="utf-8"))
        return found

    def api(self) -> Browser:
        """The API as Dr. Rivera's software."""
        return Browser(self.base, {"Authorization": f"Bearer {self.shown['token']}"})

    def console(self) -> Browser:
        """Dr. Rivera's browser, signed in."""
        browser, who = Browser(self.base), self.shown["sign_ins"][0]
        page = browser.open("/console/sign-in")
        form = next(f for f in page.forms if any(name == "password" for name, _ in f.fields))
        page = browser.press(page, form, email=who["email"], password=who["password"])
        assert page.status == 200, page.status
        return browser


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Next to nothing from outside, so that nobody's settings leak in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "LIGHTQ_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT), **more}


def command(*arguments: str) -> list[str]:
    """A command of the service, as `./lightq` runs it."""
    return [sys.executable, "-P", "-m", "delivery.cli", *arguments]


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[Machine]:
    """`./lightq demo` until the block ends; ready when it begins."""
    port = free_port(8600 + os.getpid() % 300)
    base = f"http://127.0.0.1:{port}"
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            command("demo", "--port", str(port), *arguments),
            env=environment(folder, **settings),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            until = time.monotonic() + START_SECONDS
            while not machine.answers(f"{base}/readyz"):
                assert process.poll() is None, (folder / "demo.log").read_text()
                assert time.monotonic() < until, "the demo did not get ready"
                time.sleep(0.1)
            yield Machine(base, f"http://localhost:{port}", folder / "data", process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
