"""One page with every component of the look, from the style sheets that all pages have."""

from __future__ import annotations

from typing import Final

from flask import render_template

from delivery.web.console.gate import bp

#: Token -> what it means; the swatches show it in both schemes where the browser has both.
TOKENS: Final = {
    "paper": "page",
    "fog": "quiet surface",
    "ink": "text",
    "soft": "second text",
    "line": "separates",
    "edge": "border of what can be pressed",
    "accent": "you can act here, you chose this",
    "tint": "chosen",
    "lamp": "answered, done, new",
    "risk": "a risk answer nobody has taken up",
}


@bp.get("/style")
def style() -> str:
    """Every component, live. Dark mode follows the machine's setting, as on every page."""
    return render_template("console/style.html", tokens=TOKENS)
