"""Commands on instruments: `python -m questionnaires list|show|verify|score|export|check`.

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
    from questionnaires.schema import NoSuchLanguage

    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (InstrumentError, UnknownInstrument, NoSuchLanguage) as problem:
        return _refuse(str(problem))
    except BrokenPipeError:
        # The reader has gone. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="lightq", description="Questionnaires: list, show, verify, score, export, check."
    )
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

    export = commands.add_parser("export", help="write one instrument as one file to standard output")
    export.add_argument("key")
    export.add_argument("--version", type=int, help="a version other than the latest")
    export.add_argument("--fhir", action="store_true", help="as a FHIR R4 Questionnaire in JSON")
    export.add_argument("--language", help="the main language of a FHIR Questionnaire")
    export.set_defaults(command=_export)

    check = commands.add_parser(
        "check", help="check a file before it is added: ours, or a FHIR Questionnaire"
    )
    check.add_argument("file", type=Path)
    check.set_defaults(command=_check)
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


def _export(options: argparse.Namespace) -> int:
    from questionnaires.fhir.questionnaire import to_fhir
    from questionnaires.portable import export_file
    from questionnaires.registry import load_one

    if options.language and not options.fhir:
        return _refuse("--language goes with --fhir; our own file has every language in it")
    instrument = load_one(options.key, options.version, options.folder)
    if options.fhir:
        return _print_json(to_fhir(instrument, options.language or instrument.language))
    sys.stdout.write(export_file(instrument).decode())
    return 0


def _check(options: argparse.Namespace) -> int:
    from questionnaires.fhir.reading import is_fhir
    from questionnaires.portable import import_file
    from questionnaires.registry import load
    from questionnaires.source import read_bytes

    data = read_bytes(options.file)
    found = import_file(options.file.name, data, load(options.folder))
    one = found.instrument
    kind = "FHIR Questionnaire" if is_fhir(data) else "instrument file"
    languages = "/".join(one.languages) or "no wording"
    _print(f"{options.file.name}: {kind}, {one.name}")
    _print(f"{one.key} version {one.version}, {len(one.items)} items, {languages}")
    if one.not_sendable:
        _print(f"Can't be sent: {one.not_sendable}")
    _print("It is fine, and installed already." if found.already_there else "It is fine.")
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
