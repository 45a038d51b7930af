"""What a practice adds to the shipped instruments: files of its own, drafts of them, and accepted terms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.db import now
from delivery.models.base import Base, TenantRow, choice, tenant


class Origin(StrEnum):
    """Where an instrument file of a practice comes from."""

    BUILT = "built"
    IMPORTED = "imported"
    #: Words for an instrument that ships without them, added by who holds the licence.
    WORDING = "wording"


class InstrumentFile(TenantRow, Base):
    """One instrument, or one language of one, as a practice published it. Never changed afterwards."""

    __tablename__ = "instrument_file"
    __table_args__ = tenant(also=(UniqueConstraint("practice_id", "key", "version", "language"),))

    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    #: Empty for a whole instrument; the language of a file that only adds words.
    language: Mapped[str] = mapped_column(String(8), default="")
    origin: Mapped[Origin] = mapped_column(choice(Origin))
    #: The file as docs/instruments.md describes it. It holds no client's data.
    content: Mapped[str] = mapped_column(Text)
    added_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    #: What the person who added it declared about the right to use the words.
    statement: Mapped[str | None] = mapped_column(Text)


class InstrumentDraft(TenantRow, Base):
    """A questionnaire that a member is still building."""

    __tablename__ = "instrument_draft"
    __table_args__ = tenant()

    name: Mapped[str] = mapped_column(String(120))
    #: The key and version that publishing makes; a draft of a published one keeps its key.
    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    #: The builder's own form: see `questionnaires.drafts.draft`.
    content: Mapped[dict[str, Any]]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(default=now)


class TermsAccepted(TenantRow, Base):
    """A practice has accepted an instrument's terms of use, once, in the words that were shown."""

    __tablename__ = "terms_accepted"
    __table_args__ = tenant(also=(UniqueConstraint("practice_id", "key"),))

    key: Mapped[str] = mapped_column(String(40))
    #: The notice that was accepted, word for word.
    notice: Mapped[str] = mapped_column(Text)
    #: Empty where the operator accepted on the command line.
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    accepted_name: Mapped[str] = mapped_column(String(120))
