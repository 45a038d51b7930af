from __future__ import annotations

import pytest

from delivery.cli import run
from delivery.settings import Settings


@pytest.mark.parametrize(
    ("address", "wanted", "port"),
    [
        ("http://127.0.0.1:8081", None, 8081),
        ("http://127.0.0.1:80", None, 80),
        ("https://console.example.org", None, 8080),
        ("https://console.example.org:443", None, 8080),
        ("https://console.example.org", 9000, 9000),
    ],
)
def test_the_port_is_that_of_the_address_and_8080_behind_a_proxy(
    address: str, wanted: int | None, port: int
) -> None:
    settings = Settings(base_url=address, client_url="https://forms.example.org")
    assert run._port(settings, wanted) == port
