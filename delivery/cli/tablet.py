"""The waiting-room tablet of a walk: a key of its own, and signed steps over real HTTP."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from delivery.cli.browser import Browser, Page, read
from delivery.kiosk import signed

JSON = "application/json"


class Tablet:
    """One tablet and the page on its screen."""

    def __init__(self, client_url: str) -> None:
        self._browser = Browser(client_url)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._device, self._count, self._sitting, self._fresh = "", 0, "", _text(secrets.token_bytes(16))
        self.page: Page = read("", 200, b"")

    def enrol(self, code: str) -> bool:
        """Type the code of the console's page; whether it was taken."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        reply = self._browser.post_json("/kiosk/enrol", {"code": code, "key": _text(der)})
        if reply.status == 200:
            self._device = reply.json()["device"]
        return reply.status == 200

    def step(self, *fields: tuple[str, str]) -> Page:
        """Press something; the page that follows."""
        said = {
            "fields": fields,
            "sitting": self._sitting,
            "lang": "",
            "fresh": self._fresh,
            "held": 0,
        }
        body = json.dumps(said).encode()
        reply = self._browser.open("/kiosk/step", body, JSON, **self._signed(body))
        told: dict[str, Any] = reply.json() if reply.status == 200 else {}
        if told.get("page") is not None:
            self._sitting = told["sitting"] or ""
            self.page = read("/kiosk", 200, told["page"].encode())
        return self.page

    def _signed(self, body: bytes) -> dict[str, str]:
        self._count += 1
        said = signed.message(UUID(self._device), self._count, body)
        r, s = decode_dss_signature(self._key.sign(said, ec.ECDSA(SHA256())))
        signature = _text(r.to_bytes(signed.HALF) + s.to_bytes(signed.HALF))
        return {
            "Kiosk-Device": self._device,
            "Kiosk-Count": str(self._count),
            "Kiosk-Signature": signature,
        }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
