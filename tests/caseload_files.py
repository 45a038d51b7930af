"""Caseload files for tests, and the presses that bring one in."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from delivery.models import Base
from delivery.service import Service

HEADING = (
    "given_name,family_name,date_of_birth,language,time_zone,email,phone,channel,consent_on,tags,"
    "appointment,calendar_code,PHQ-9 2026-01-12"
)


def caseload(count: int = 35) -> str:
    """A caseload as a member would have it: of 35 clients 31 with a consent, 12 totals, 28 appointments."""
    rows = [HEADING]
    for number in range(count):
        by_text = number % 5 == 4
        reached = f",503 555 {1000 + number},sms" if by_text else f"client{number}@example.org,,email"
        day = "" if number % 8 == 7 else "2026-03-02"
        slot = "" if number % 5 == 3 else "Tuesdays 10:00"
        total = str(number % 28) if number % 3 == 0 else ""
        rows.append(
            f"Given{number},Family{number},1980-01-{number % 28 + 1:02},en,,{reached},{day},group,{slot},"
            f"k{number:03},{total}"
        )
    return "\n".join(rows) + "\n"


def upload(browser: FlaskClient, data: str | bytes, **fields: str) -> TestResponse:
    """A file posted from the page that takes it."""
    raw = data.encode() if isinstance(data, str) else data
    parts = [(f'name="{field}"', value.encode()) for field, value in fields.items()]
    parts.append(('name="file"; filename="caseload.csv"', raw))
    body = b"".join(
        f"--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in parts
    )
    return browser.post(
        "/console/clients/import",
        data=body + b"--edge--\r\n",
        content_type="multipart/form-data; boundary=edge",
    )


def carried(shown: TestResponse) -> MultiDict[str, str]:
    """What the hidden fields of a page's last form carry."""
    last = shown.text[shown.text.rindex("<form") :]
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', last)
    return MultiDict((name, unescape(value)) for name, value in pairs)


def press(browser: FlaskClient, shown: TestResponse, go: str, **fields: Any) -> TestResponse:
    """A button of the page that lists what comes in."""
    data = carried(shown)
    for name, value in fields.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    data["go"] = go
    return browser.post("/console/clients/import", data=data)


def stored(service: Service) -> dict[str, int]:
    """How many rows each table has, without the audit log."""
    with service.db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if not table.name.startswith(("audit", "console_session"))
        }
