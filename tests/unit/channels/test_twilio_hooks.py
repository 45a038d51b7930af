from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from channels.base import E164, Contact, EventKind
from channels.twilio_hooks import Inbound, account_sid, genuine, inbound, status

TOKEN = "hunter2-token"
URL = "https://forms.example.org/hooks/twilio/status?a=018f3c2a.sig"
ACCOUNT = "AC" + "0" * 32
SID = "SM" + "a" * 32
FORM = {
    "AccountSid": ACCOUNT,
    "MessageSid": SID,
    "SmsSid": SID,
    "MessageStatus": "delivered",
    "To": "+15035550123",
    "From": "+15035550100",
    "ApiVersion": "2010-04-01",
}
TEXT = {**FORM, "Body": "STOP", "NumMedia": "0"}


def signed(url: str = URL, form: dict[str, str] = FORM, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, form))


def test_what_twilio_signed_is_genuine_as_a_dict_and_as_flasks_form() -> None:
    assert genuine(TOKEN, URL, FORM, signed())
    assert genuine(TOKEN, URL, MultiDict(FORM), signed())


def test_the_example_of_twilios_own_documentation_is_genuine() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert genuine("12345", url, form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.mark.parametrize(
    ("token", "url", "form", "signature"),
    [
        ("other", URL, FORM, signed()),
        ("", URL, FORM, signed(token="")),
        (TOKEN, URL.replace("018f", "018e"), FORM, signed()),
        (TOKEN, URL, {**FORM, "MessageStatus": "failed"}, signed()),
        (TOKEN, URL, {**FORM, "Extra": ""}, signed()),
        (TOKEN, URL, {}, signed()),
        (TOKEN, URL, FORM, ""),
        (TOKEN, URL, FORM, None),
        (TOKEN, URL, FORM, signed()[:-1]),
        (TOKEN, URL, FORM, "é" * 28),
        (TOKEN, URL, {**FORM, "Body": "\ud800"}, signed()),
    ],
)
def test_everything_else_is_not(token: str, url: str, form: dict[str, str], signature: str | None) -> None:
    assert not genuine(token, url, form, signature)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.text(max_size=40))
def test_no_form_and_no_signature_raises(form: dict[str, str], signature: str) -> None:
    assert not genuine(TOKEN, URL, form, signature)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("queued", "accepted"),
        ("accepted", "accepted"),
        ("scheduled", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "delivered"),
    ],
)
def test_each_status_has_its_kind(name: str, kind: EventKind) -> None:
    event = status({**FORM, "MessageStatus": name}, "a1")
    assert (event.attempt_id, event.kind, event.reference) == ("a1", kind, SID)
    assert (event.contact, event.reason, event.permanent, event.stops_provider) == ("", "", False, False)
    assert event.dedupe == f"{SID}|{name}|"
    assert event.at is None


@pytest.mark.parametrize("name", ["undelivered", "failed"])
@pytest.mark.parametrize(
    ("code", "contact", "permanent", "stops"),
    [
        ("21610", "opted_out", True, False),
        ("30006", "dead", True, False),
        ("30005", "dead", True, False),
        ("30003", "away", False, False),
        ("30008", "away", False, False),
        ("30007", "", False, True),
        ("30034", "", False, True),
        ("99999", "", True, False),
        ("", "", True, False),
    ],
)
def test_a_text_that_did_not_arrive_says_why(
    name: str, code: str, contact: Contact, permanent: bool, stops: bool
) -> None:
    event = status({**FORM, "MessageStatus": name, "ErrorCode": code}, "a1")
    assert (event.kind, event.contact, event.permanent, event.stops_provider) == (
        "failed",
        contact,
        permanent,
        stops,
    )
    assert event.code == f"twilio_{code or name}"
    assert event.dedupe == f"{SID}|{name}|{code}"
    assert event.reason.endswith(".")
    assert FORM["To"] not in event.reason


@pytest.mark.parametrize(
    "change",
    [
        {"MessageStatus": "received"},
        {"MessageStatus": "canceled"},
        {"MessageStatus": ""},
        {"MessageStatus": "DELIVERED"},
        {"MessageSid": ""},
        {"MessageSid": f"{SID}\n"},
        {"MessageSid": "SM" + "a" * 65},
        {"MessageSid": "SM|delivered"},
        {"MessageStatus": "failed", "ErrorCode": "a lot"},
        {"MessageStatus": "failed", "ErrorCode": "٣٠٠٠٣"},
        {"MessageStatus": "failed", "ErrorCode": "1" * 5000},
    ],
)
def test_what_is_no_status_is_an_error(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"status|code|Sid"):
        status({**FORM, **change}, "a1")


@pytest.mark.parametrize("name", sorted(FORM))
def test_a_field_may_be_missing_without_another_kind_of_error(name: str) -> None:
    form = {key: value for key, value in FORM.items() if key != name}
    if name in {"MessageSid", "MessageStatus"}:
        with pytest.raises(ValueError, match=r"status|Sid"):
            status(form, "a1")
    else:
        assert status(form, "a1").kind == "delivered"


def test_the_account_can_be_compared_with_ours() -> None:
    assert account_sid(FORM) == ACCOUNT
    with pytest.raises(ValueError, match="AccountSid"):
        account_sid({})


def test_a_persons_text_comes_with_its_numbers() -> None:
    assert inbound(TEXT) == Inbound(SID, ACCOUNT, "+15035550100", "+15035550123", "STOP")
    assert inbound({**TEXT, "Body": "x" * 100_000}).text == "x" * 1600
    assert inbound({key: value for key, value in TEXT.items() if key != "Body"}).text == ""


@pytest.mark.parametrize(
    "change",
    [
        {"From": "22395"},
        {"From": "Alerts"},
        {"To": ""},
        {"From": "sms:+15035550100"},
        {"MessageSid": "x"},
    ],
)
def test_what_is_no_text_between_two_numbers_is_an_error(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is missing or not written"):
        inbound({**TEXT, **change})


@given(st.dictionaries(st.sampled_from(sorted(TEXT)), st.text(max_size=40)))
def test_no_form_raises_anything_but_a_value_error(form: dict[str, str]) -> None:
    try:
        found = inbound({**TEXT, **form})
    except ValueError:
        return
    assert E164.fullmatch(found.sender)
