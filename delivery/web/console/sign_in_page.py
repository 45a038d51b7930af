"""The sign-in page, also where a session has ended: it carries along what was being typed."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery.web.zones import SAFE, service

#: Fields of an interrupted form travel under this prefix through the sign-in page.
KEPT: Final = "kept:"


def instead() -> Response:
    """The sign-in page in place of the page that was asked for, with what was being posted."""
    if request.method in SAFE:
        here = request.full_path.rstrip("?")
        return redirect(url_for("console.sign_in", next=here), 303)
    return show(401, to=request.full_path.rstrip("?"), kept=list(request.form.items(multi=True)), ended=True)


def inside(to: str) -> str:
    """A path of the console, or Today for anything else: nobody is sent to another site from here."""
    closed = (url_for("console.sign_in"), url_for("console.sign_out"))
    if not to.startswith("/console/") or not to.isprintable() or "\\" in to or to.startswith(closed):
        return url_for("console.today")
    return to


def show(status: int, **values: Any) -> Response:
    """The page. `to` is where to go on, `kept` the fields that wait there."""
    defaults: dict[str, Any] = {"kept": [], "email": "", "words": "", "wrong": False, "ended": False}
    page = render_template(
        "console/sign_in.html", **{**defaults, **values, "prefix": KEPT, "demo": _demo_sign_ins()}
    )
    return make_response(page, status)


def _demo_sign_ins() -> list[dict[str, str]]:
    """[{"name", "email", "password"}, …] of a demo installation; nothing anywhere else."""
    path = service().settings.data_dir / "demo.json"
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["sign_ins"]
        return [{k: str(one[k]) for k in ("name", "email", "password")} for one in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []
