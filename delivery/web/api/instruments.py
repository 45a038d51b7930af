"""One measure with everything that is in its file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from delivery import crypto, instrument_files, library
from delivery.access import Caller
from delivery.models.people import Role
from delivery.web.api.answers import Licence
from delivery.web.api.routes import route
from questionnaires.catalogue import details


class InstrumentDetails(BaseModel):
    """A measure in its latest version, as `./lightq instruments show KEY --json` prints it."""

    model_config = ConfigDict(extra="allow")

    key: str
    version: int
    name: str
    short_name: str
    measures: str
    languages: list[str]
    settings: list[str]
    licence: Licence
    stem: str
    items: list[dict[str, Any]]
    scales: list[dict[str, Any]]
    bands: dict[str, list[dict[str, Any]]]
    sendable: bool
    not_sendable: str | None


@route("GET", "/instruments/<key>", answer=InstrumentDetails)
def read_instrument(session: Session, caller: Caller, key: str) -> InstrumentDetails:
    """One measure of the caller's practice."""
    practice_id = next(iter(caller.practices(*Role)), crypto.ALLIANCE)
    instrument = instrument_files.find(session, practice_id, key)
    why = library.of(session, practice_id).barred(instrument)
    return InstrumentDetails.model_validate(
        {**details(instrument), "sendable": why is None, "not_sendable": why}
    )
