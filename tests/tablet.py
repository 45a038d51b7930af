"""A tablet for tests: a key of its own, signed steps, and the page that each brings."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from delivery.access import Caller
from delivery.kiosk import devices, signed, tickets
from delivery.models.assignments import Assignment
from delivery.models.devices import KioskDevice
from delivery.service import Service
from delivery.signing import fresh_secret
from tests import answering


class Tablet:
    """One tablet and the page on its screen."""

    def __init__(self, app: Flask) -> None:
        self.browser = answering.browser_of(app)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.device = ""
        self.count = 0
        self.language = ""
        self.fresh = fresh_secret()
        self.sitting: str | None = None
        self.said: dict[str, Any] = {}
        self.page = answering.Page("")

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def id(self) -> UUID:
        return UUID(self.device)

    def enrol(self, code: str) -> TestResponse:
        """Type the code of the console's page."""
        said = json.dumps({"code": code, "key": _text(self.public_key)})
        reply = self.browser.post("/kiosk/enrol", data=said, content_type="application/json")
        if reply.status_code == 200:
            self.device = reply.get_json()["device"]
        return reply

    def signed(self, body: bytes, count: int | None = None) -> dict[str, str]:
        """The headers of a step."""
        if count is None:
            self.count += 1
            count = self.count
        said = signed.message(self.id, count, body)
        r, s = decode_dss_signature(self.key.sign(said, ec.ECDSA(SHA256())))
        assert sha256(body).hexdigest().encode() in said
        return {
            "Kiosk-Device": self.device,
            "Kiosk-Count": str(count),
            "Kiosk-Signature": _text(r.to_bytes(32) + s.to_bytes(32)),
        }

    def send(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """One request as it stands."""
        return self.browser.post("/kiosk/step", data=body, headers=headers, content_type="application/json")

    def body(self, fields: list[tuple[str, str]], held: float = 0) -> bytes:
        """What a step says."""
        said = {
            "fields": fields,
            "sitting": self.sitting or "",
            "lang": self.language,
            "fresh": self.fresh,
            "held": held,
        }
        return json.dumps(said).encode()

    def step(self, do: str, held: float = 0, **fields: str) -> answering.Page:
        """Press something; the page that follows, or the one that stays."""
        body = self.body([("do", do), *fields.items()], held)
        reply = self.send(body, self.signed(body))
        while reply.status_code == 409:  # another tab was quicker; the script does the same
            self.count = reply.get_json()["last"]
            reply = self.send(body, self.signed(body))
        assert reply.status_code == 200, reply.text
        return self.take(reply.get_json())

    def take(self, said: dict[str, Any]) -> answering.Page:
        """What the server says."""
        self.said = said
        if said["page"] is not None:
            self.sitting, self.page = said["sitting"], answering.Page(said["page"])
            self.language = said["lang"]
            if self.sitting is None:
                self.fresh = fresh_secret()
        return self.page

    def press(self, go: str = "next", held: float = 0, **fields: str) -> answering.Page:
        """A button of the form's page, with what is marked on it."""
        there = {**self.page.hidden, **self.page.checked, "go": go, **fields}
        return self.step(there.pop("do", "answer"), held, **there)

    def open(self, digits: str) -> answering.Page:
        """Type a code."""
        return self.step("code", code=digits)

    def begin(self) -> answering.Page:
        """Press Start."""
        return self.step("begin", key=self.page.hidden["key"])

    def fill(self, codes: str) -> answering.Page:
        """One answer a page, past the quiet page of a risk answer."""
        for code in codes:
            self.press(answer=code)
            if self.page.hidden.get("at") == "help":
                self.press()
        return self.page


def enrolled(
    made: Service, app: Flask, owner: Caller, practices: list[UUID], name: str = "Front room"
) -> Tablet:
    """A tablet in use for these practices, all of the owner's."""
    found = Tablet(app)
    with made.db.write() as session:
        _, code = devices.add(session, owner, practices, name)
    reply = found.enrol(code)
    assert reply.status_code == 200, reply.text
    return found


def code_for(made: Service, desk: Caller, row: Assignment, tablet: Tablet) -> str:
    """The desk gives a code."""
    with made.db.write() as session:
        device = session.get_one(KioskDevice, tablet.id)
        ask = session.get_one(Assignment, row.id)
        return tickets.make(session, desk, ask, device, made.settings.keys[-1].encode())[1]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
