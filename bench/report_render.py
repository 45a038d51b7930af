"""What a report costs: our renderer beside plain uses of WeasyPrint, taking turns.

    .venv/bin/python -m bench.report_render [--rounds 25]

Variants, all of the same PHQ-9 report (two pages), each in a warm process of its own, so that the plain
ones see the machine's fonts and ours sees only ours; the processes make one document each in turn:
* naive: `HTML(string=...).write_pdf()` with the style sheet in the page, a generic font family, flex for
  what stands side by side, automatic tables, untagged;
* naive_tagged: the same with `pdf_variant="pdf/ua-1"`, which our reports always have;
* plain: our own page, style sheet and fonts, tagged, everything parsed anew for each document;
* ours: `workers.pdf.render`.

CPU time of the rendering process, medians; the machine is shared, so ratios count. `page_ms` (making the
page from its input) is in none of them. The goal is ours / naive <= 0.45.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from delivery.report_page import page
from tests.unit.workers import samples
from workers import pdf

RESULT = Path(__file__).parent / "results" / "report_render.json"
GOAL = 0.45
VARIANTS = ("naive", "naive_tagged", "plain", "ours")


def naive_page(xml: str) -> str:
    """The same page as someone would write it without thinking of the cost."""
    css = (pdf.STYLES / "report.css").read_text(encoding="utf-8")
    css = css.replace('"Atkinson Hyperlegible Next","LightQ Fallback","LightQ Fallback CJK"', "sans-serif")
    css = css.replace("table-layout:fixed;", "").replace("overflow-wrap:break-word", "")
    css = css.replace(".facts{", ".facts{display:flex;").replace(".facts div{float:left;", ".facts div{")
    css = css.replace(".score .big{float:left;", ".beside{display:flex}\n.score .big{", 1)
    css = css.replace(".score .said{margin-left:160pt}", ".score .said{margin-left:10pt}")
    xml = xml.replace('<div class="big">', '<div class="beside"><div class="big">')
    xml = xml.replace('<div class="scale">', '</div><div class="scale">')
    xml = re.sub(r"<colgroup>.*?</colgroup>", "", xml)
    xml = xml.replace('font-family="Atkinson Hyperlegible Next"', 'font-family="sans-serif"')
    return xml.replace("</head>", f"<style>{css}</style></head>")


def renderer(variant: str) -> Callable[[], bytes]:
    """A function that makes the document once."""
    xml = page(samples.phq9())
    if not variant.startswith("naive"):
        pdf.warm()
    if variant == "ours":
        return lambda: pdf.render(xml)
    from weasyprint import CSS, HTML  # noqa: PLC0415

    def plain() -> bytes:
        sheet = CSS(filename=pdf.STYLES / "report.css")
        made: bytes = HTML(string=xml).write_pdf(stylesheets=[sheet], pdf_variant="pdf/ua-1")
        return made

    def naive() -> bytes:
        made: bytes = HTML(string=simple).write_pdf(**options)
        return made

    simple, options = naive_page(xml), {"pdf_variant": "pdf/ua-1"} if variant == "naive_tagged" else {}
    return plain if variant == "plain" else naive


def serve(variant: str) -> None:
    """Make a document for every line that comes in; answer with CPU seconds, wall seconds, bytes."""
    run = renderer(variant)
    run()
    for _ in sys.stdin:
        began, spent = time.perf_counter(), time.process_time()
        size = len(run())
        print(time.process_time() - spent, time.perf_counter() - began, size, flush=True)


def measure(rounds: int) -> dict[str, object]:
    environment = {name: value for name, value in os.environ.items() if name != "FONTCONFIG_FILE"}
    servers = {
        name: subprocess.Popen(
            [sys.executable, "-m", "bench.report_render", "--serve", name],
            cwd=pdf.ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in VARIANTS
    }
    report = samples.phq9()
    answers: dict[str, list[tuple[float, float, int]]] = {name: [] for name in VARIANTS}
    pages: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        page(report)
        pages.append(time.process_time() - began)
        for name, server in servers.items():
            assert server.stdin
            assert server.stdout
            server.stdin.write("\n")
            server.stdin.flush()
            cpu, wall, size = server.stdout.readline().split()
            answers[name].append((float(cpu), float(wall), int(size)))
    for server in servers.values():
        server.communicate()

    def ms(column: int, of: Callable[[list[float]], float]) -> dict[str, float]:
        return {name: round(of([row[column] for row in rows]) * 1000, 1) for name, rows in answers.items()}

    cpu_ms = ms(0, statistics.median)
    return {
        "what": "PHQ-9 report, two pages; CPU per document, warm processes taking turns",
        "rounds": rounds,
        "cpu_ms": cpu_ms,
        "cpu_ms_min": ms(0, min),
        "wall_ms": ms(1, statistics.median),
        "page_ms": round(statistics.median(pages) * 1000, 2),
        "bytes": {name: rows[0][2] for name, rows in answers.items()},
        "ours_divided_by": {
            name: round(cpu_ms["ours"] / value, 3) for name, value in cpu_ms.items() if name != "ours"
        },
        "goal": GOAL,
        "reached": cpu_ms["ours"] / cpu_ms["naive"] <= GOAL,
    }


def commit() -> str | None:
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "-q", "HEAD"],
        cwd=pdf.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU of one report, ours beside plain WeasyPrint")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--serve", choices=VARIANTS, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve)
        return
    result = measure(wanted.rounds)
    result["commit"] = commit()
    result["machine"] = f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}"
    result["load_average"] = [round(one, 1) for one in os.getloadavg()]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
