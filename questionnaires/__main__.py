"""Commands on instruments: `python -m questionnaires list|show|verify|score`.

Imports stand inside the commands, because `score` is measured with its start.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

# ruff: noqa: PLC0415


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit code: 0 done, 1 something differs, 2 not understood or not usable."""
    options = _parser().parse_args(arguments)
    from questionnaires.registry import InstrumentError, UnknownInstrument

    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (InstrumentError, UnknownInstrument) as problem:
        return _refuse(str(problem))
    except BrokenPipeError:
        # The reader has gone. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(prog="lightq", description="Questionnaires: list, show, verify, score.")
    parser.add_argument("--folder", type=Path, help="read instruments from this folder")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the installed instruments")
    listing.add_argument("--json", action="store_true", help="as a JSON array")
    listing.set_defaults(command=_list)

    show = commands.add_parser("show", help="show one instrument as printed, with its scoring")
    show.add_argument("key")
    show.add_argument("--version", type=int, help="a version other than the latest")
    show.add_argument("--json", action="store_true", help="as JSON, with every figure and source")
    show.set_defaults(command=_show)

    verify = commands.add_parser("verify", help="run the published reference cases")
    verify.add_argument("--golden", type=Path, help="read reference cases from this folder")
    verify.set_defaults(command=_verify)

    score = commands.add_parser("score", help="score JSON Lines from standard input")
    score.add_argument("key")
    score.add_argument("--version", type=int, help="a version other than the latest")
    score.add_argument("--context", default="{}", help='for example {"sex": "female", "age": 40}')
    score.set_defaults(command=_score)
    return parser


def _list(options: argparse.Namespace) -> int:
    from questionnaires.catalogue import listing
    from questionnaires.registry import load

    entries = listing(load(options.folder))
    if options.json:
        return _print_json(entries)
    for one in entries:
        state = "" if one["sendable"] else "  (can't be sent)"
        languages = "/".join(one["languages"]) or "-"
        _print(f"{one['key']:<12} {one['items']:>3} items  {languages}  {one['name']}{state}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from questionnaires.catalogue import details
    from questionnaires.registry import load_one

    instrument = load_one(options.key, options.version, options.folder)
    if options.json:
        return _print_json(details(instrument))
    _print(f"{instrument.name} ({instrument.short_name}), version {instrument.version}")
    _print(instrument.not_sendable or instrument.stem)
    for item in instrument.items:
        answers = " / ".join(f"{option.label} ({option.code})" for option in item.options)
        _print(f"{item.number or '-':>3}  {item.text}\n     {answers}")
    _print(instrument.licence.notice)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from questionnaires.registry import load
    from questionnaires.verify import GOLDEN, verify

    results = verify(load(options.folder), options.golden or GOLDEN)
    different = [result for result in results if result.difference]
    for result in different:
        _print(f"{result.key} version {result.version}, {result.name}: {result.difference}")
    _print(f"{len(results) - len(different)} of {len(results)} reference cases pass")
    return 1 if different else 0


def _score(options: argparse.Namespace) -> int:
    from questionnaires.answers import BadContext, check_context
    from questionnaires.registry import load_one
    from questionnaires.stream import score_lines

    instrument = load_one(options.key, options.version, options.folder)
    try:
        context = check_context(json.loads(options.context))
    except (BadContext, RecursionError) as problem:
        return _refuse(f"--context: {problem}")
    except ValueError:
        return _refuse("--context is not JSON")
    # A writer of its own: with an unbuffered standard output, large writes could be cut short.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        score_lines(instrument, context, sys.stdin.buffer, output)
    return 0


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _print_json(value: Any) -> int:
    _print(json.dumps(value, ensure_ascii=False, indent=2))
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(reason + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
