"""Every setting, in one validated object. A refusal says what to do about it."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from delivery.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
WEAK = {"changeme", "secret", "password", "development", "default", "test", "lightq"}
#: What a mail program would turn into a link, or a reader take for an address.
ADDRESS_LIKE = re.compile(r"@|://|\bwww\.|[^\W_]\.[^\W\d_]{2,}", re.IGNORECASE)
LONGEST_SENDER_NAME = 60
#: With the link behind it, the shortest names, and how to opt out, this is still one text message.
LONGEST_IN_A_TEXT = 40


def is_loopback(host: str) -> bool:
    """True for localhost and addresses that never leave this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def neutral_name(name: str) -> str:
    """A sender's name without outer spaces. Raises ValueError where it holds a web or e-mail address."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_SENDER_NAME or not name.isprintable():
        raise ValueError(f"a sender name has 1 to {LONGEST_SENDER_NAME} ordinary characters")
    if ADDRESS_LIKE.search(name):
        raise ValueError("a sender name holds no web or e-mail address: write only a name")
    return name


class Settings(BaseSettings):
    """Read from `LIGHTQ_*`; a secret may instead stand in the file that `LIGHTQ_*_FILE` names.

    docs/settings.md describes each one; a test holds the two together.
    """

    model_config = SettingsConfigDict(env_prefix="LIGHTQ_", extra="ignore", frozen=True)

    data_dir: Path = ROOT / "var"
    database_url: str = Field(default="", repr=False)
    redis_url: str = Field(default="", repr=False)
    base_url: str = "http://127.0.0.1:8080"
    client_url: str = "http://localhost:8080"
    secret_keys: str = Field(default="", repr=False)
    kek_file: Path | None = None
    debug: bool = False
    trusted_proxies: int = Field(default=0, ge=0, le=3)

    email: Literal["outbox", "smtp", "sendgrid"] = "outbox"
    sms: Literal["outbox", "twilio"] = "outbox"
    sender_name: str = "Secure Forms"
    sender_address: str = "forms@localhost.localdomain"
    smtp_url: str = Field(default="", repr=False)
    sendgrid_api_key: str = Field(default="", repr=False)
    sendgrid_api_base: str = "https://api.sendgrid.com"
    sendgrid_ack: str = ""
    sendgrid_activity: bool = False
    sendgrid_webhook_keys: str = ""
    twilio_account_sid: str = ""
    twilio_auth_token: str = Field(default="", repr=False)
    twilio_messaging_service_sid: str = ""
    twilio_number: str = ""
    twilio_api_base: str = "https://api.twilio.com"

    undo_seconds: int = Field(default=10, ge=0, le=120)
    lease_seconds: float = Field(default=20, ge=1, le=600)
    quarantine_seconds: float = Field(default=3600, ge=0, le=86400)
    sms_quarantine_seconds: float = Field(default=600, ge=0, le=86400)
    sms_per_day: int = Field(default=1, ge=1, le=10)
    sms_per_week: int = Field(default=3, ge=1, le=30)
    email_per_day: int = Field(default=4, ge=1, le=50)
    email_per_week: int = Field(default=12, ge=1, le=100)
    link_days: int = Field(default=14, ge=1, le=60)

    @field_validator("base_url", "client_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise ValueError("give a full address such as https://forms.example.org") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("give a full address such as https://forms.example.org")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
            raise ValueError("give only scheme, host and port, without a path")
        # As browsers send it: lower case, and without the port that the scheme implies.
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        implied = {"http": 80, "https": 443}[parts.scheme]
        return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, implied) else "")

    @field_validator("sender_name")
    @classmethod
    def _neutral(cls, value: str) -> str:
        return neutral_name(value)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.debug and not self.on_loopback:
            raise ValueError("LIGHTQ_DEBUG is for this machine only: turn it off, or use loopback addresses")
        for name, url in (("LIGHTQ_BASE_URL", self.base_url), ("LIGHTQ_CLIENT_URL", self.client_url)):
            parts = urlsplit(url)
            if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
                raise ValueError(
                    f"{name} uses plain http on a public address: put TLS in front, use https://"
                )
        # Cookies know no ports, so two ports of one host would be one zone.
        if urlsplit(self.base_url).hostname == urlsplit(self.client_url).hostname:
            raise ValueError(
                "LIGHTQ_BASE_URL and LIGHTQ_CLIENT_URL must be two different hosts, so that a page of the "
                "client zone can never read the console (loopback: localhost and 127.0.0.1)"
            )
        if self.sms == "twilio" and len(self.client_url) > LONGEST_IN_A_TEXT:
            raise ValueError(
                f"LIGHTQ_CLIENT_URL is too long for one text message: choose a host name with which it has "
                f"at most {LONGEST_IN_A_TEXT} characters"
            )
        if self.keys:
            self._check_keys()
        return self

    def _check_keys(self) -> None:
        hint = "run `./lightq init` to make good ones, or `openssl rand -base64 32`"
        keys = self.keys
        if any(len(key) < 32 for key in keys):
            raise ValueError(f"LIGHTQ_SECRET_KEYS holds a key shorter than 32 characters: {hint}")
        if any(len(set(key)) < 12 or any(w in key.lower() for w in WEAK if len(w) > 5) for key in keys):
            raise ValueError(f"LIGHTQ_SECRET_KEYS holds a weak key: {hint}")
        if len(set(keys)) != len(keys):
            raise ValueError("LIGHTQ_SECRET_KEYS names one key twice: remove the copy")

    @property
    def keys(self) -> list[str]:
        """Signing keys, oldest first; the last one signs."""
        return [key for key in self.secret_keys.replace(",", " ").split() if key]

    @property
    def base_host(self) -> str:
        """Host and port of the console zone."""
        return urlsplit(self.base_url).netloc

    @property
    def client_host(self) -> str:
        """Host and port of the client zone."""
        return urlsplit(self.client_url).netloc

    @property
    def on_loopback(self) -> bool:
        """True where both zones are addresses of this machine (demo, tests)."""
        return all(is_loopback(urlsplit(u).hostname or "") for u in (self.base_url, self.client_url))

    def secure(self, host: str) -> bool:
        """Whether the zone at this host (and port) speaks https; plain http is for loopback alone."""
        url = self.client_url if host == self.client_host else self.base_url
        return url.startswith("https://")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL; SQLite in the data directory unless one is given."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'lightq.db').resolve()}"

    @property
    def kek_path(self) -> Path:
        """Where the key-encryption key lies: outside the data directory unless told otherwise."""
        return (
            self.kek_file or self.data_dir.resolve().parent / f"{self.data_dir.resolve().name}-keys" / "kek"
        )

    def require_keys(self) -> None:
        """Raise SettingsError unless signing keys and the key-encryption key are in place."""
        if not self.keys:
            raise SettingsError(
                "LIGHTQ_SECRET_KEYS is missing: run `./lightq init`, it makes one and says where"
            )
        inside = self.kek_path.resolve().is_relative_to(self.data_dir.resolve())
        if inside:
            raise SettingsError(
                "LIGHTQ_KEK_FILE lies inside LIGHTQ_DATA_DIR: move it elsewhere, "
                "or a stolen backup opens itself"
            )


def load(**overrides: object) -> Settings:
    """Settings from the environment; raises SettingsError with every reason, one a line."""
    secrets = {}
    for name, field in Settings.model_fields.items():
        path = os.environ.get(f"LIGHTQ_{name.upper()}_FILE")
        if path and field.annotation is str:
            try:
                secrets[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(
                    f"LIGHTQ_{name.upper()}_FILE: cannot read {path} ({error.strerror})"
                ) from None
    try:
        return Settings(**{**secrets, **overrides})  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for e in error.errors(include_input=False, include_url=False):
            place = f"LIGHTQ_{str(e['loc'][0]).upper()}: " if e["loc"] else ""
            lines.append(place + e["msg"].removeprefix("Value error, "))
        raise SettingsError("\n".join(lines)) from None
