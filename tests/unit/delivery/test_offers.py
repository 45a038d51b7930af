from __future__ import annotations

from typing import Any

import pytest

from delivery import batteries, clients, library, offers
from delivery.models.assignments import Way
from delivery.offers import Offer
from delivery.service import Service
from tests import build


def _offer(service: Service, cast: build.Cast, *, reads: str = "en", **more: Any) -> Offer:
    with service.db.read() as session:
        respondent = clients.respondents(session, cast.cy)[0]
        respondent.language = reads
        return offers.to(session, respondent, more.pop("age", None), **more)


def _keys(offer: Offer) -> list[str]:
    lists = [offer.chosen, offer.near, *offer.groups.values()]
    return [one.instrument.key for part in lists for one in part] + [one.key for one, _ in offer.barred]


def test_every_measure_stands_in_one_place(service: Service, cast: build.Cast) -> None:
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9", "k6"])
    found = _keys(_offer(service, cast, chosen=["pcl5", "phq9"]))
    assert sorted(found) == sorted(one.key for one in library.shipped().list())


def test_a_practice_without_use_is_offered_the_common_ones_first(service: Service, cast: build.Cast) -> None:
    offer = _offer(service, cast)
    assert [one.instrument.key for one in offer.near] == ["phq9", "gad7", "pcl5"]
    assert [one.value for one in offer.singles] == ["phq9", "gad7", "pcl5"]
    assert offer.last is None


def test_the_last_form_of_the_client_and_the_most_used_come_first(service: Service, cast: build.Cast) -> None:
    bo = cast.caller(service, cast.bo)
    for _ in range(2):
        build.ask(service, bo, cast.bo_client, ["swls"])
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["k10", "phq2"])
    offer = _offer(service, cast)
    assert offer.last is not None and offer.last.value == "k10,phq2"
    assert [one.instrument.key for one in offer.near][:3] == ["k10", "phq2", "swls"]
    assert [one.value for one in offer.singles] == ["swls", "k10", "phq2"]


def test_a_search_narrows_the_list_and_keeps_what_is_chosen(service: Service, cast: build.Cast) -> None:
    offer = _offer(service, cast, chosen=["phq9"], sought="ptsd")
    assert [one.instrument.key for one in offer.chosen] == ["phq9"]
    assert {one.instrument.key for group in offer.groups.values() for one in group} == {"pcl5", "pcptsd5"}
    assert offer.near == []


def test_what_cannot_be_sent_comes_with_its_reason(service: Service, cast: build.Cast) -> None:
    reasons = {one.key: why for one, why in _offer(service, cast).barred}
    assert "wording is not included" in reasons["isi"]
    assert "terms have to be accepted" in reasons["dass21"]
    assert "phq9" not in reasons


def test_what_is_to_be_known_of_a_measure_is_said(service: Service, cast: build.Cast) -> None:
    offer = _offer(service, cast, reads="es", age=38, chosen=["asq", "pcl5", "phq9", "psc17"])
    asq, pcl5, phq9, psc17 = offer.chosen
    assert (asq.together_only, phq9.together_only) == (True, False)
    assert (pcl5.no_text, phq9.no_text) == (True, False)
    assert psc17.remarks == [
        "PSC-17: this one is for a parent.",
        "PSC-17 is for ages 4 to 17; this client is 38.",
    ]


def test_sets_are_offered_in_their_order(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        row = batteries.add(session, cast.practice, "Weekly", ["gad7", "phq9"])
    [press] = _offer(service, cast).sets
    assert (press.name, press.value) == ("Weekly", f"set:{row.id}")
    assert [one.key for one in press.instruments] == ["gad7", "phq9"]


@pytest.mark.parametrize(
    ("way", "there"), [(Way.EMAIL, set[str]()), (Way.IN_PERSON, {"asq"})], ids=["by link", "together"]
)
def test_instead_come_those_with_a_text_that_may_go_this_way(
    service: Service, cast: build.Cast, way: Way, there: set[str]
) -> None:
    with service.db.read() as session:
        respondent = clients.respondents(session, cast.cy)[0]
        respondent.language = "es"
        cesd = library.shipped().get("cesd")
        found = [one.key for one in offers.instead(session, respondent, cesd, way, ["phq9"])]
    assert set(found) == {"gad2", "gad7", "phq2", "phq8"} | there
    assert set(found[:2]) == {"phq2", "phq8"}, "those on the same subject come first"


def test_a_set_being_made_says_what_each_of_its_measures_cannot_do(
    service: Service, cast: build.Cast
) -> None:
    with service.db.read() as session:
        chosen, others = offers.for_set(session, cast.practice, ["asq", "isi", "nonsense"])
    assert [(one.instrument.key, one.together_only) for one in chosen] == [("asq", True), ("isi", False)]
    assert chosen[0].barred is None and chosen[1].barred
    assert "asq" not in [one.key for group in others.values() for one in group]
