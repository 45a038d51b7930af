"""One table of what the API offers: it registers the views and is what the OpenAPI document is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
Method = Literal["GET", "POST", "PATCH"]


@dataclass(frozen=True)
class Route:
    """One operation. `body` and `query` are checked before `view` is called with them by these names.

    `answer` is the shape of the reply, or None where it is a PDF.
    """

    method: Method
    rule: str
    view: Callable[..., Any]
    answer: type[BaseModel] | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    status: int

    @property
    def name(self) -> str:
        """The endpoint, and the operation's id in the document."""
        return self.view.__name__


ROUTES: list[Route] = []


def route(
    method: Method,
    rule: str,
    *,
    answer: type[BaseModel] | None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    status: int = 200,
) -> Callable[[View], View]:
    """Enter a view `(session, caller, …) -> answer` into the table."""

    def enter(view: View) -> View:
        ROUTES.append(Route(method, rule, view, answer, body, query, status))
        return view

    return enter
