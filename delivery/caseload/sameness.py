"""Rows that are one client twice, and clients who share a phone or a mailbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from delivery.caseload.cells import key_of
from delivery.caseload.columns import Columns
from delivery.caseload.faults import Fault
from delivery.caseload.row import Row


def named(given: str, family: str) -> tuple[str, str]:
    """A name as it is compared: without case, accents and marks. Letters of any script stay."""
    return key_of(given), key_of(family)


def same_people(rows: Iterable[Row], found: Columns) -> tuple[list[Fault], list[Fault]]:
    """Faults where two rows are one client, remarks where they could be; said at the later one, naming both.

    One client: the same name with the same birth date, or with a shared contact and no two birth dates.
    """
    faults, remarks = [], []
    by_name = defaultdict(list)
    for row in rows:
        by_name[named(row.given_name, row.family_name)].append(row)
    by_name.pop(("", ""), None)
    for group in by_name.values():
        told = set()
        for first, second in combinations(group, 2):
            if second.line in told:
                continue
            column = found.heading("given_name" if second.given_name else "family_name")
            both = f"Rows {first.line} and {second.line}"
            if _one_client(first, second):
                told.add(second.line)
                faults.append(Fault(second.line, column, f"{both} are the same client. Keep one of them."))
            elif not (first.date_of_birth and second.date_of_birth):
                told.add(second.line)
                words = (
                    f"{both} have the same name. If they are two people, a date of birth tells them apart."
                )
                remarks.append(Fault(second.line, column, words))
    return faults, remarks


def _one_client(first: Row, second: Row) -> bool:
    if first.date_of_birth and second.date_of_birth:
        return first.date_of_birth == second.date_of_birth
    return bool({first.email, first.phone} & {second.email, second.phone} - {None})


def shared(rows: Iterable[Row], found: Columns) -> tuple[list[Fault], list[Fault]]:
    """Faults where two clients have one calendar code, remarks where two names have one contact."""
    seen: dict[tuple[str, str], Row] = {}
    faults, remarks = [], []
    for row in rows:
        for column, value, what in (
            ("email", row.email, "mailbox"),
            ("phone", row.phone, "phone"),
            ("calendar_code", row.calendar_code.casefold(), ""),
        ):
            if not value:
                continue
            first = seen.setdefault((column, value), row)
            if first is row:
                continue
            both = f"Rows {first.line} and {row.line}"
            if not what:
                words = f"{both} have the same code. Give each client a code of their own."
                faults.append(Fault(row.line, found.heading(column), words))
            elif named(first.given_name, first.family_name) != named(row.given_name, row.family_name):
                words = f"{both} share a {what}. Choose a recognition word with each of these clients."
                remarks.append(Fault(row.line, found.heading(column), words))
    return faults, remarks
