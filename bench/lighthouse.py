"""`./lightq bench lighthouse`: Lighthouse on client pages, as a phone on slow 4G, the median of five runs.

Lighthouse (a Node program that the service does not need) is put into a folder outside the repository on
first use. Pages that a browser reaches by an address are measured, with the cookie that they need.
Performance has to be 95 or more, accessibility and best practices 100, and on the pages that a client meets
first the largest paint within 1 s as simulated (Lighthouse empties the cache each time; on later pages their
style sheet and font are there already, so their figure is only told). Writes bench/results/lighthouse.json;
exit code 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bench import gallery
from bench.gallery_walk import chromium, walking
from bench.page_weight import served
from bench.stamp import ROOT, stamp

RESULT: Final = ROOT / "bench" / "results" / "lighthouse.json"
#: The last version that runs on Node 20.
VERSION: Final = "12.8.2"
LEAST: Final = {"performance": 95, "accessibility": 100, "best-practices": 100}
LARGEST_PAINT_MS: Final = 1000
#: Pages that a client meets with an empty cache.
FIRST: Final = ("answer-start", "portal-sign-in", "screen-start")
#: A run now and then loses its browser.
TRIES: Final = 3
STATES: Final = (
    "answer-start",
    "answer-question",
    "answer-whole",
    "answer-help",
    "answer-review",
    "answer-missed",
    "answer-stopped",
    "answer-end",
    "portal-sign-in",
    "portal-home",
    "portal-uses",
    "kiosk-shell",
    "screen-start",
)


def program(folder: Path) -> Path:
    """Lighthouse, installed into `folder` where it is not there yet."""
    found = folder / "node_modules" / ".bin" / "lighthouse"
    if not found.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("lighthouse needs Node and npm")
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"lighthouse@{VERSION}"
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix", folder, wanted], check=True)
    return found


def one_run(lighthouse: Path, url: str, cookie: str, folder: Path) -> dict[str, Any]:
    """Scores from 0 to 100, and the largest paint in ms."""
    out = folder / "report.json"
    headers = folder / "headers.json"
    headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
    argv = [
        str(lighthouse),
        url,
        "--quiet",
        "--output=json",
        f"--output-path={out}",
        f"--only-categories={','.join(LEAST)}",
        f"--extra-headers={headers}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic",
    ]
    env = {**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}
    for _ in range(TRIES):
        done = subprocess.run(argv, check=False, env=env, timeout=180, capture_output=True, text=True)
        if done.returncode == 0:
            break
    else:
        raise SystemExit(f"lighthouse gave up on {url.split('?', maxsplit=1)[0]}: {done.stderr[-500:]}")
    report = json.loads(out.read_text(encoding="utf-8"))
    paint = report["audits"]["largest-contentful-paint"]["numericValue"]
    bad = [name for name, audit in report["audits"].items() if audit.get("score") not in (None, 1)]
    scores = {name: 100 * report["categories"][name]["score"] for name in LEAST}
    return {**scores, "largest_paint_ms": paint, "below_1": bad}


def reached(site: Any, browser: Any, name: str) -> tuple[str, str]:
    """Address and cookie of a state."""
    with walking(site, browser, "en") as walk:
        gallery.STATES[name](walk)
        kept = "; ".join(f"{one['name']}={one['value']}" for one in walk.page.context.cookies())
        return walk.page.url, kept


def main(arguments: list[str]) -> int:
    """Measure, write, say what is missed."""
    parser = argparse.ArgumentParser(prog="lightq bench lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "lightq-lighthouse")
    options = parser.parse_args(arguments)
    lighthouse, missed = program(options.folder), []
    result: dict[str, Any] = {**stamp(), "runs": options.runs, "lighthouse": VERSION, "pages": {}}
    with served() as site, chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for name in (one for one in STATES if one.startswith(options.only)):
            url, cookie = reached(site, browser, name)
            runs = [one_run(lighthouse, url, cookie, Path(folder)) for _ in range(options.runs)]
            figures = {
                key: statistics.median(run[key] for run in runs) for key in (*LEAST, "largest_paint_ms")
            }
            result["pages"][name] = figures
            below = sorted({one for run in runs for one in run["below_1"]})
            print(f"{name}: {figures} {below}", flush=True)
            missed += [
                f"{name}: {key} {figures[key]:.0f}" for key, least in LEAST.items() if figures[key] < least
            ]
            if name in FIRST and figures["largest_paint_ms"] > LARGEST_PAINT_MS:
                missed.append(f"{name}: largest paint {figures['largest_paint_ms']:.0f} ms")
    if not options.only:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("\n".join(missed) or "ok")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
