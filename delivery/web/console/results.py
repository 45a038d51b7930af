"""One result and its PDF."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from delivery import reports, result_page
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.get("/results/<uuid:submission_id>")
def result(submission_id: UUID) -> str:
    """Scores, bands with their sources, answers, blanks; risk answers on top."""
    with service().db.write() as session:
        page = result_page.read(session, caller(), submission_id)
    return render_template("console/result.html", page=page)


@bp.get("/results/<uuid:submission_id>/report.pdf")
def report(submission_id: UUID) -> Response:
    """The PDF, shown in the browser; its file name says nothing."""
    with service().db.write() as session:
        pdf = reports.open_pdf(session, caller(), submission_id)
    response = make_response(pdf)
    response.content_type = "application/pdf"
    response.headers["Content-Disposition"] = 'inline; filename="report.pdf"'
    return response


@bp.post("/results/<uuid:submission_id>/report")
def make_report(submission_id: UUID) -> Response:
    """Try again to make a PDF that could not be made."""
    with service().db.write() as session:
        reports.retry(session, caller(), submission_id)
    return redirect(url_for("console.result", submission_id=submission_id), 303)
