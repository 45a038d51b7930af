"""From "ask" to the PDF in the clinician's hands, with real processes, a real broker and real HTTP."""

from __future__ import annotations

import io
import json
import random
import subprocess
import time
from functools import partial
from pathlib import Path

from pypdf import PdfReader

from delivery.cli import once
from delivery.cli.browser import Browser
from tests.journeys import machine
from tests.smtp_mailbox import Mailbox


def test_one_command_walks_from_ask_to_pdf_over_every_channel(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        machine.command("demo", "--once", "--out", str(out), "--port", "8950"),
        env=machine.environment(tmp_path),
        cwd=machine.ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["assignments"] == 12
    assert summary["messages"] == 8
    assert summary["submissions"] == len(summary["reports"]) >= 11
    assert {report["channel"] for report in summary["reports"]} == {
        "email",
        "sms",
        "in_person",
        "portal",
        "kiosk",
    }
    assert len(summary["workers"]) >= 4
    for report in summary["reports"]:
        assert report["job_id"], "a queue's job made it"
        pdf = PdfReader(out / report["file"])
        assert len(pdf.pages) >= 1
        assert "Once" in pdf.pages[0].extract_text()


def test_without_a_worker_it_fails_by_name(tmp_path: Path) -> None:
    done = subprocess.run(
        machine.command(
            "demo",
            "--once",
            "--out",
            str(tmp_path),
            "--port",
            "8960",
            "--wait",
            "8",
            "--without",
            "worker-send",
        ),
        env=machine.environment(tmp_path),
        cwd=machine.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Timed out after 8 s: the message to a client did not come" in done.stderr
    assert not (tmp_path / "summary.json").exists()


def test_a_clinician_sends_a_client_answers_and_the_report_comes_back_by_smtp(tmp_path: Path) -> None:
    with (
        Mailbox() as box,
        machine.running(
            tmp_path, LIGHTQ_EMAIL="smtp", LIGHTQ_SMTP_URL=f"smtp://127.0.0.1:{box.port}"
        ) as lightq,
    ):
        # Given: a client of Dr. Rivera's who agreed to e-mail
        api = lightq.api()
        made = api.post_json(
            "/api/v1/clients", once._client(1, "kim@example.net", "email"), **{"Idempotency-Key": "c"}
        )
        # When: she asks for PHQ-9 and GAD-7
        ask = {
            "client_id": made.json()["id"],
            "instruments": ["phq9", "gad7"],
            "occasion": "progress",
            "channel": "email",
        }
        asked = api.post_json("/api/v1/assignments", ask, **{"Idempotency-Key": "a"})
        assert asked.status == 201, asked.text
        invitation = _mail(box, "kim@example.net")
        link = next(word for word in invitation.split() if word.startswith(lightq.client))
        for word in ("PHQ", "GAD", "depress", "anxi", "Once1", "Example"):
            assert word.lower() not in invitation.lower(), "a message says nothing of health or names"
        # Then: the client answers on the phone, and the clinician is told without a word of it
        phone = Browser(lightq.client)
        once.fill_in(phone, phone.open(link), random.Random(7))
        told = _mail(box, "ines@example.org")
        assert "PHQ" not in told
        # And: the PDF is there, for her and for nobody else
        status = once._until(
            lambda: once._completed(api, asked.json()["id"]), time.monotonic() + 30, "the answers"
        )
        assert len(status["submissions"]) == 2
        for one in status["submissions"]:
            pdf = once._until(partial(once._pdf, api, one), time.monotonic() + 30, "the report")
            assert "Once1 E." in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
        # And: the link is spent, on every device
        other = Browser(lightq.client).open(link)
        assert other.status == 200
        assert other.forms == [] or not any(f.radios for f in other.forms)
        assert "sent" in other.text.lower()


def _mail(box: Mailbox, to: str) -> str:
    """Subject and plain text of the first message to an address, once it is there."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for message in list(box.received):
            if to in message.to:
                plain = message.parsed.get_body(("plain",))
                assert plain is not None
                return f"{message.parsed['Subject']}\n{plain.get_content()}"
        time.sleep(0.1)
    raise AssertionError(f"no message to {to} came")
