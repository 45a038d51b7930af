"""The demo practice with a server of its own, and a browser that walks to any state of any client page.

The server runs in this process, so that it can be said which addresses and which templates the walk has met.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, request, request_started, template_rendered
from sqlalchemy import delete, select
from werkzeug.serving import WSGIRequestHandler, make_server

from delivery import access, assignments, clients, contacts, links
from delivery.access import Caller
from delivery.app import create_app
from delivery.assignments import Ask
from delivery.cli import demo
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import ContactKind, ContactState, RespondentRole
from delivery.models.people import Person, Practice, SignInThrottle
from delivery.service import Service, start
from delivery.settings import ROOT
from delivery.web import policy

#: Folders of pages for clients; a page for clients that lies elsewhere is not looked at.
FOLDERS = ("answer", "portal", "kiosk", "screen")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Addresses of links stay out of the terminal."""


@dataclass
class Site:
    """A running demo. `templates` and `endpoints`: what has been met so far."""

    service: Service
    app: Flask
    templates: set[str]
    endpoints: set[str]
    numbers: Iterator[int]

    @property
    def url(self) -> str:
        """Where clients are served."""
        return self.service.settings.client_url

    def person(self, known_as: str = "Dr. Rivera") -> Caller:
        """A member of the demo practice."""
        with self.service.db.read() as session:
            row = session.scalars(select(Person).where(Person.known_as == known_as)).one()
            return access.caller(session, row.id)

    def practice(self) -> UUID:
        """The demo practice."""
        with self.service.db.read() as session:
            return session.scalars(select(Practice.id)).one()

    def client(self, lang: str = "en", *, email: str = "", **more: Any) -> UUID:
        """A client nobody has asked before, with a confirmed e-mail address and consent to it."""
        number = next(self.numbers)
        new = NewRespondent(
            more.pop("role", RespondentRole.SELF),
            language=lang,
            contacts=[NewContact(ContactKind.EMAIL, email or f"wren{number}@example.net")],
            consents=[("email", "consent-1", now(), "signed on paper")],
            **{name: more.pop(name) for name in ("recognition_word", "uses") if name in more},
        )
        with self.service.db.write() as session:
            row = clients.add(
                session,
                self.person(),
                given_name="Wren",
                family_name=f"Winter {number}",
                language=lang,
                respondents=[new],
                **more,
            )
            for respondent in clients.respondents(session, row.id):
                for point in contacts.of_respondent(session, respondent.id):
                    point.state, point.confirmed_at = ContactState.CONFIRMED, now()
            return row.id

    def ask(self, client: UUID, *instruments: str, way: Way = Way.EMAIL, **more: Any) -> Assignment:
        """An ask of a client."""
        wanted = Ask(
            client_id=client, instruments=list(instruments), channel=way, even_if_recent=True, **more
        )
        with self.service.db.write() as session:
            return assignments.ask(session, self.person(), wanted, self.service.settings)

    def link(self, row: Assignment) -> str:
        """The address of an ask's newest link."""
        with self.service.db.read() as session:
            found = session.scalars(
                select(Link).where(Link.assignment_id == row.id).order_by(Link.created_at.desc()).limit(1)
            ).one()
            token = links.token(found, self.service.tokens)
            assert token is not None
            return links.url(token, self.service.settings)

    def forget_tries(self) -> None:
        """Every state comes from this one machine, which is more than one network may try."""
        with self.service.db.write() as session:
            session.execute(delete(SignInThrottle))

    def not_met(self) -> list[str]:
        """Addresses and pages for clients that no state has met so far."""
        there = {
            rule.endpoint
            for rule in self.app.url_map.iter_rules()
            if (policy(rule.endpoint) or ("console",))[0] == "client"
        }
        return sorted(there - self.endpoints) + sorted(pages() - self.templates)


def pages() -> set[str]:
    """Templates for clients that are pages of their own: no other template builds on them."""
    root = ROOT / "templates"
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.html")}
    ours = {name for name in texts if name.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    return {name for name in ours if not any(f'"{name}"' in text for text in texts.values())}


@contextmanager
def at_port(folder: Path, **settings: Any) -> Iterator[tuple[Site, int]]:
    """The demo practice and a port for its server, which somebody else starts."""
    port = demo.free_port(8900 + os.getpid() % 500)
    service = start(demo.prepare(port, folder / "data", undo_seconds=0, **settings))
    try:
        yield Site(service, create_app(service=service), set(), set(), itertools.count(1)), port
    finally:
        service.db.close()


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Site]:
    """The demo practice with a server in this process, until the block ends."""
    with at_port(folder, **settings) as (site, port):

        def rendered(_: Flask, template: Any, **__: Any) -> None:
            site.templates.add(template.name)

        def asked(_: Flask, **__: Any) -> None:
            if request.endpoint:
                site.endpoints.add(request.endpoint)

        template_rendered.connect(rendered, site.app)
        request_started.connect(asked, site.app)
        server = make_server("127.0.0.1", port, site.app, threaded=True, request_handler=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()
            server.server_close()
