"""Scoring JSON Lines: one set of answers a line in, one result or one error a line out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from questionnaires.answers import BadAnswers, problems
from questionnaires.program import Result, program_of, scores_to_json
from questionnaires.schema import Instrument

MAX_LINE = 65_536
CHUNK = 262_144
MOST_KEPT = 10_000
_encode = json.JSONEncoder().encode


def score_lines(
    instrument: Instrument, context: Mapping[str, object], stdin: BinaryIO, stdout: BinaryIO
) -> int:
    """Score every line of `stdin`; returns how many lines were bad.

    A line is an object of item ids and option codes (null or left out means no answer). A bad line gives
    `{"error": "..."}` with the reason and stops nothing. Results are written as soon as the lines read
    so far are done, so that a caller may also send one line and wait for its result.
    """
    score_line = _line_scorer(instrument, context)
    bad = 0
    for lines in _batches(stdin):
        results = [score_line(line) for line in lines]
        bad += sum(result.startswith('{"error"') for result in results)
        results.append("")
        stdout.write("\n".join(results).encode())
        stdout.flush()
    return bad


def _line_scorer(instrument: Instrument, context: Mapping[str, object]) -> Callable[[bytes | None], str]:
    program = program_of(instrument)
    decode = json.JSONDecoder().decode
    typed = any(item.free_text for item in instrument.items)
    strict = json.JSONDecoder(object_pairs_hook=_once).decode
    written = _writer()

    def score_line(line: bytes | None) -> str:
        if line is None:
            return _error(f"the line is longer than {MAX_LINE:,} bytes")
        try:
            answers: Any = (strict if typed else decode)(line.decode())
        except _Twice:
            return _error(_TWICE)
        except (ValueError, RecursionError):
            return _error("the line is not JSON")
        try:
            values = program.values(answers)
        except (KeyError, TypeError, AttributeError):
            return _error(str(BadAnswers(problems(instrument, answers))))
        # Ids and codes hold no colon, so one more colon than keys is a key that JSON let pass twice.
        if not typed and line.count(b":") != len(answers):
            return _error(_TWICE)
        return written(program.run(values, answers, context))

    return score_line


class _Twice(Exception):
    """A key is given twice."""


_TWICE = "an item is answered twice in the line"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _error(reason: str) -> str:
    return _encode({"error": reason})


def _writer() -> Callable[[Result], str]:
    """A function from results to the JSON text of `Result.to_json`.

    The parts of results repeat from line to line. Their text is kept, which is twice as fast as
    encoding every result anew.
    """
    kept: dict[object, str] = {}

    def keep(key: object, text: str) -> str:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        kept[key] = text
        return text

    def written(result: Result) -> str:
        scores = [
            kept.get(score) or keep(score, _encode(scores_to_json(score))[1:-1])
            for score in result.scores.items()
        ]
        key = (*result.screens.values(), *result.categories.values(), *result.alerts)
        return (
            f'{{"complete": {_TRUTH[result.complete]}, "valid": {_TRUTH[result.valid]}, '
            f'"scores": {{{", ".join(scores)}}}, '
            + (kept.get(key) or keep(key, _encode(result.readings_to_json())[1:-1]))
            + f', "missing": {_encode(result.missing) if result.missing else "[]"}}}'
        )

    return written


_TRUTH = {True: "true", False: "false"}


def _batches(stdin: BinaryIO) -> Iterator[list[bytes | None]]:
    """Lines in the batches in which they arrive; None stands for a line that is too long."""
    read = getattr(stdin, "read1", stdin.read)
    rest = b""
    dropping = False  # inside a line that is too long
    while chunk := read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        batch: list[bytes | None] = [line if len(line) <= MAX_LINE else None for line in lines]
        if dropping and batch:
            batch[0] = None
            dropping = False
        if len(rest) > MAX_LINE:
            dropping, rest = True, b""
        yield batch
    if dropping:
        yield [None]
    elif rest:
        yield [rest]
