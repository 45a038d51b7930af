"""Pages and interfaces. `POLICY` says who may call each endpoint; a test holds that none is missing."""

from __future__ import annotations

from typing import Final, Literal

#: "open" = anybody; "link" = whoever holds the link or the form's cookie; "person" = a signed-in person;
#: "token" = an API token; "local" = this machine only; "provider" = a provider's signature; "device" = an
#: enrolled tablet's signature; "client" = a client signed in to their portal.
Access = Literal["open", "link", "person", "token", "local", "provider", "device", "client"]
Zone = Literal["client", "console", "both"]

#: Blueprint name -> (zone, access). An endpoint named "blueprint.view" may differ and is listed whole.
POLICY: Final[dict[str, tuple[Zone, Access]]] = {
    "static": ("both", "open"),
    "health": ("console", "open"),
    "answer": ("client", "link"),
    "console": ("console", "person"),
    "console.sign_in": ("console", "open"),
    "post": ("console", "local"),
    "api": ("console", "token"),
    "api.openapi": ("console", "open"),
    "hooks": ("console", "provider"),
    "kiosk": ("client", "device"),
    "kiosk.shell": ("client", "open"),
    "kiosk.enrol": ("client", "open"),
    "portal": ("client", "client"),
    "portal.sign_in": ("client", "open"),
    "portal.ask": ("client", "open"),
    "portal.code": ("client", "open"),
    "portal.enter": ("client", "open"),
    "portal.link": ("client", "link"),
    "portal.press": ("client", "link"),
    "screen": ("client", "open"),
    "theme": ("both", "open"),
}


def policy(endpoint: str) -> tuple[Zone, Access] | None:
    """The endpoint's zone and access, or None where nobody decided: such a route is refused."""
    return POLICY.get(endpoint) or POLICY.get(endpoint.split(".", maxsplit=1)[0])
