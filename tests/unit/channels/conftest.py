from __future__ import annotations

import pytest

from channels.base import Message

LINK = "https://forms.example.org/" + "q" * 22 + "." + "s" * 22


@pytest.fixture
def message() -> Message:
    return Message(
        attempt_id="018f3c2a-77aa-7bbb-8ccc-0123456789ab",
        kind="email",
        to="sam@example.net",
        sender_name="Secure Forms",
        sender_address="forms@alliance.example.org",
        subject="A form to fill in",
        text=f"A form is waiting.\n\n{LINK}\n",
        html=f'<p>A form is waiting.</p>\n<p><a href="{LINK}">Open</a></p>\n',
        unsubscribe_url="https://forms.example.org/stop/" + "u" * 60,
    )
