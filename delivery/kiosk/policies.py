"""Rules that lock a browser down to the tablet's page, as managed browsers take them."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

_BOTH: Final[dict[str, Any]] = {
    "AllowFileSelectionDialogs": False,
    "AutofillAddressEnabled": False,
    "AutofillCreditCardEnabled": False,
    "BrowserAddProfileEnabled": False,
    "BrowserGuestModeEnabled": False,
    "ClearBrowsingDataOnExit": False,
    "DeveloperToolsAvailability": 2,
    "DownloadRestrictions": 3,
    "EditFavoritesEnabled": False,
    "ExtensionInstallBlocklist": ["*"],
    "PasswordManagerEnabled": False,
    "PrintingEnabled": False,
    "SavingBrowserHistoryDisabled": True,
    "SearchSuggestEnabled": False,
    "SpellcheckEnabled": False,
    "SyncDisabled": True,
    "TranslateEnabled": False,
}
#: What each browser calls its own, or has alone.
_CHROME: Final[dict[str, Any]] = {
    "BackForwardCacheEnabled": False,
    "BrowserAddPersonEnabled": False,
    "EditBookmarksEnabled": False,
    "ForceEphemeralProfiles": False,
    "IdleTimeout": 5,
    "IdleTimeoutActions": ["reload_pages"],
    "IncognitoModeAvailability": 1,
    "SpellCheckServiceEnabled": False,
}
_EDGE: Final[dict[str, Any]] = {
    "ForceEphemeralProfiles": False,
    "HubsSidebarEnabled": False,
    "InPrivateModeAvailability": 1,
    "MicrosoftEditorProofingEnabled": False,
}
_ONLY_EDGE: Final = ("BrowserAddProfileEnabled", "ClearBrowsingDataOnExit", "EditFavoritesEnabled")


def chrome(address: str) -> str:
    """The rules for Chrome, as JSON; `address` is the tablet's page."""
    both = {name: value for name, value in _BOTH.items() if name not in _ONLY_EDGE}
    return _json({**_places(address), **both, **_CHROME})


def edge(address: str) -> str:
    """The rules for Edge, as JSON."""
    return _json({**_places(address), **_BOTH, **_EDGE})


def _places(address: str) -> dict[str, Any]:
    host = urlsplit(address).netloc
    return {
        "HomepageLocation": address,
        "RestoreOnStartup": 4,
        "RestoreOnStartupURLs": [address],
        "URLAllowlist": [f"{host}/kiosk", f"{host}/static", f"{host}/theme"],
        "URLBlocklist": ["*"],
    }


def _json(rules: dict[str, Any]) -> str:
    return json.dumps(dict(sorted(rules.items())), indent=2)
