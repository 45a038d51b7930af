"""`./lightq bench axe`: every rule of axe on every client page in every state, two languages, light and dark.

All rules that are not deprecated run, those of the AAA level (enhanced contrast) and best practices included.
Beside them: nothing sideways at 320 px, also with text twice as large, and everything pressable 44 px high.
Writes bench/results/axe.json; exit code 1 where anything was found or a page was met by no state.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.gallery import LANGUAGES, SCHEMES, STATES
from bench.gallery_site import running
from bench.gallery_walk import chromium, walking
from bench.stamp import ROOT, stamp

#: Unmodified axe-core (tests/vendor/axe.LICENSE).
SOURCE: Final = ROOT / "tests" / "vendor" / "axe.min.js"
RUN: Final = """async () => {
  const rules = axe.getRules().filter(rule => !rule.tags.includes("deprecated"));
  const all = {type: "rule", values: rules.map(rule => rule.ruleId)};
  const found = await axe.run(document, {runOnly: all, resultTypes: ["violations"]});
  return found.violations.flatMap(one => one.nodes.map(node =>
    `${one.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\\n").slice(1, 2).join("").trim()}`));
}"""

#: Everything pressable that is lower than 44 px; a radio or box inside a row is the row's own affair.
SMALL: Final = """() => [...document.querySelectorAll("a, button, label:not(.field), summary, select, .in")]
  .filter(e => !e.closest(".vh, .skip") && e.checkVisibility({visibilityProperty: true}))
  .filter(e => e.getBoundingClientRect().height < 43.9).map(e => e.outerHTML.slice(0, 120))"""
#: The last two that stick out of the window; nothing where the page does not scroll sideways.
WIDE: Final = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter(e => !e.closest(".vh, .skip"))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-2)
  .map(e => e.outerHTML.slice(0, 120))"""


def findings(page: Any) -> list[str]:
    """What axe finds on the page that is shown: rule, place, reason."""
    page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN)
    return found


def layout(page: Any) -> Iterator[str]:
    """The narrowest screen: nothing sideways, also with text twice as large; nothing too low to press."""
    page.set_viewport_size({"width": 320, "height": 640})
    yield from (f"lower than 44 px: {one}" for one in page.evaluate(SMALL))
    for size in ("100%", "200%"):
        page.evaluate(f"document.documentElement.style.setProperty('font-size', '{size}')")
        yield from (f"wider than the screen with text at {size}: {one}" for one in page.evaluate(WIDE))


def of_state(site: Any, browser: Any, name: str, lang: str, schemes: tuple[str, ...]) -> Iterator[str]:
    """Findings and complaints of one state in one language."""
    with walking(site, browser, lang) as walk:
        STATES[name](walk)
        for scheme in schemes:
            walk.page.emulate_media(color_scheme=scheme)
            yield from (f"{name} {lang} {scheme}: {one}" for one in findings(walk.page))
        yield from (f"{name} {lang}: {one}" for one in (*layout(walk.page), *walk.complaints))


def main(arguments: list[str]) -> int:
    """Walk and look; the result file has every finding."""
    parser = argparse.ArgumentParser(prog="lightq bench axe", description=__doc__)
    parser.add_argument("--only", default="", help="beginning of the names of the states wanted")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {**stamp(), "pages": 0, "found": []}
    with (
        tempfile.TemporaryDirectory(prefix="lightq-axe-") as folder,
        chromium() as browser,
        running(Path(folder)) as site,
    ):
        for name in (one for one in STATES if one.startswith(options.only)):
            for lang in LANGUAGES:
                try:
                    result["found"] += of_state(site, browser, name, lang, SCHEMES)
                except Exception as error:
                    result["found"].append(f"{name} {lang}: {str(error).splitlines()[0]}")
                result["pages"] += len(SCHEMES)
        if not options.only:
            result["found"] += [f"no state meets {one}" for one in site.not_met()]
    print("\n".join(result["found"]))
    print(f"{result['pages']} pages, {len(result['found'])} findings")
    if not options.only:
        text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
        (ROOT / "bench" / "results" / "axe.json").write_text(text, encoding="utf-8")
    return 1 if result["found"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
