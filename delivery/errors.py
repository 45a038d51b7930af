"""What can go wrong in words a person can act on. The web turns each into a page or a problem document."""

from __future__ import annotations


class LightQError(Exception):
    """Base of all expected errors. `str(error)` is a plain sentence without personal data."""

    status = 400
    code = "bad-request"


class NotFound(LightQError):
    """Unknown, or not the caller's to see: the two are never told apart."""

    status = 404
    code = "not-found"

    def __init__(self, message: str = "There is nothing here.") -> None:
        super().__init__(message)


class Forbidden(LightQError):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"


class Invalid(LightQError):
    """Input that cannot be taken. `fields` maps a field name to its reason."""

    status = 422
    code = "invalid"

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class Conflict(LightQError):
    """The thing is no longer in the state that this act needs."""

    status = 409
    code = "conflict"


class WrongMove(Conflict):
    """A status was asked to make a move that its table does not allow."""


class TooMany(LightQError):
    """Too many tries; `retry_after` in seconds."""

    status = 429
    code = "too-many"

    def __init__(self, message: str, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotSaved(LightQError):
    """The database could not take it (full disk, lock): nothing was stored, and we say so."""

    status = 503
    code = "not-saved"


class LeaseLost(LightQError):
    """Another worker holds this row now; what this one did must not be committed."""


class Sealing(LightQError):
    """A sealed value did not open: wrong key, or a value moved to another row or practice."""

    status = 500
    code = "sealing"


class SettingsError(LightQError):
    """The service refuses to start like this; the text says what to change."""
