"""Scanners that run scripts: real browsers that open a link, press its first button, and look around."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Final

from playwright.sync_api import Browser, sync_playwright

SWITCHES: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
#: What such a scanner does with a page: read every link, then send the first form as its script would.
PRESS: Final = """() => {
  [...document.querySelectorAll('a')].map(a => a.href);
  const form = document.querySelector('form[method=post]');
  if (form) form.requestSubmit(form.querySelector('button'));
  return Boolean(form);
}"""


def visit(url: str, times: int) -> Counter[str]:
    """Open the address so often, each time as a browser that was never here; counts the pages met."""
    met = Counter[str]()
    with sync_playwright() as running:
        found = shutil.which("chromium")
        browser = running.chromium.launch(executable_path=found, headless=True, args=list(SWITCHES))
        for number in range(times):
            for page in _one(browser, url, f"Mozilla/5.0 (Windows NT 10.0) Detonation/{number % 50}"):
                met[page] += 1
        browser.close()
    return met


def _one(browser: Browser, url: str, agent: str) -> list[str]:
    """The kinds of pages that one visit met."""
    context = browser.new_context(user_agent=agent, java_script_enabled=True)
    page = context.new_page()
    looked = page.goto(url, wait_until="load")
    met = [f"looked {looked.status if looked else 0}"]
    with page.expect_navigation(wait_until="load", timeout=15_000) as pressed:
        page.evaluate(PRESS)
    met.append(f"pressed {pressed.value.status}")
    page.evaluate("() => document.body.innerText.length")
    context.close()
    return met
