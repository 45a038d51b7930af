"""What a member may offer on the public page, and to whom."""

from __future__ import annotations

import pytest

from delivery import library
from delivery.errors import Forbidden, Invalid
from delivery.screening import pages
from delivery.screening.pages import Wish
from delivery.service import Service
from questionnaires import registry
from tests import build


def change(service: Service, cast: build.Cast, wish: Wish) -> pages.ScreeningPage:
    with service.db.write() as session:
        return pages.change(session, cast.caller(service, cast.ada), wish, loopback=False)


def test_only_measures_whose_file_and_licence_allow_it_may_be_public(
    service: Service, cast: build.Cast
) -> None:
    with service.db.read() as session:
        found = {one.key for one in pages.allowed(library.of(session, cast.practice))}
    assert {"phq9", "gad7", "audit_c"} <= found
    assert "asq" not in found
    assert "audit" not in found, "its terms have to be accepted first"


@pytest.mark.parametrize("key", ["asq", "cssrs", "audit", "nothing"])
def test_a_measure_that_may_not_be_public_is_refused(service: Service, cast: build.Cast, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        change(service, cast, Wish("dr-rowan", ["phq9", key], open=True, takes_contact=True))
    assert set(refused.value.fields) == {"instruments"}


@pytest.mark.parametrize(
    "slug",
    ["", "ab", "-abc", "abc-", "a--b", "Ärzte", "a b c", "embed", "withdraw", "a/b", "x" * 61, "a.b.c"],
)
def test_an_address_that_cannot_be_one_is_refused(service: Service, cast: build.Cast, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        change(service, cast, Wish(slug, ["phq9"], open=True, takes_contact=True))
    assert set(refused.value.fields) == {"slug"}


def test_an_address_belongs_to_one_member(service: Service, cast: build.Cast) -> None:
    change(service, cast, Wish("dr-rowan", ["phq9"], open=True, takes_contact=True))
    change(service, cast, Wish(" DR-Rowan ", ["gad7"], open=True, takes_contact=True))
    with pytest.raises(Invalid), service.db.write() as session:
        wish = Wish("dr-rowan", ["phq9"], open=True, takes_contact=True)
        pages.change(session, cast.caller(service, cast.stranger), wish, loopback=False)


def test_an_open_page_needs_a_measure(service: Service, cast: build.Cast) -> None:
    with pytest.raises(Invalid):
        change(service, cast, Wish("dr-rowan", [], open=True, takes_contact=True))
    assert change(service, cast, Wish("dr-rowan", [], open=False, takes_contact=True)).open is False


def test_the_front_desk_has_no_page(service: Service, cast: build.Cast) -> None:
    with pytest.raises(Forbidden), service.db.write() as session:
        wish = Wish("the-desk", ["phq9"], open=True, takes_contact=True)
        pages.change(session, cast.caller(service, cast.desk), wish, loopback=False)


@pytest.mark.parametrize(
    ("key", "ages"),
    [
        ("phq9", {"adult"}),
        ("who5", {"adult", "teen"}),
        ("psc17", {"child"}),
    ],
)
def test_measures_suit_the_ages_they_are_made_for(key: str, ages: set[str]) -> None:
    one = registry.load().get(key)
    assert {age for age in ("adult", "teen", "child") if pages.suits(one, age)} == ages  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known_as", "slug"), [("Dr. Rivera", "dr-rivera"), ("Ñ", ""), ("", ""), ("M. O’Neil", "m-o-neil")]
)
def test_an_address_is_suggested_from_how_clients_know_the_member(known_as: str, slug: str) -> None:
    assert pages.suggestion(known_as) == slug
