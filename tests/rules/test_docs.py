"""The documents say nothing that is not so: links, commands, settings, files and names all exist."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from delivery.settings import Settings
from questionnaires import __main__ as instruments
from questionnaires import registry

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("delivery", "questionnaires", "channels", "workers", "templates", "migrations", "tests", "bench")
KINDS = {".py", ".yaml", ".html", ".txt", ".css", ".js", ".md", ".toml"}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
SHIPPED = sorted((ROOT / "questionnaires" / "instruments").glob("*.yaml"))

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\./lightq((?: (?!-)[a-z][a-z_-]*)*)")
DOTTED = re.compile(r"`((?:delivery|questionnaires|channels|workers)(?:\.\w+)+)`")
PLACE = re.compile(r"`((?:\.ci|docs|" + "|".join(FOLDERS) + r")/[\w./-]*)`")
SETTING = re.compile(r"\bLIGHTQ_([A-Z_]*[A-Z])\b")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
# Written with brackets, so that this file does not hold what it looks for.
INDEX_HOST = re.compile(r"py[p]i\.(?:org|python)|python[h]osted|npm[j]s\.|crates\.[i]o", re.IGNORECASE)
MARK = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|TB[D])\b")

#: Commands of `lightq` itself, that the service's commands do not know.
OF_THE_SCRIPT = {"setup", "faults", "bench", "gallery", "test", "check"}
#: Of the checks, and the example of a name.
NOT_SETTINGS = {"NO_SKIP", "NAME", "SECRET_NAME"}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _found(pattern: re.Pattern[str], *paths: Path) -> Iterator[tuple[str, str]]:
    """(document, what the pattern's group found in it)."""
    for path in paths or DOCUMENTS:
        for match in pattern.finditer(_text(path)):
            yield str(path.relative_to(ROOT)), match.group(1)


@cache
def _commands() -> click.Group:
    module = importlib.import_module("delivery.cli.__main__")
    return next(value for value in vars(module).values() if isinstance(value, click.Group))


def _is_instruments_command(word: str) -> bool:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            instruments._parser().parse_args([word, "--help"])
        except SystemExit as end:
            return end.code == 0
    return False


def _is_command(words: list[str]) -> bool:
    """Whether `./lightq WORDS` exists. Words after a command without subcommands are arguments."""
    first, rest = (words or ["help"])[0], words[1:]
    if first == "help":
        return True
    if first in OF_THE_SCRIPT:
        return f'"{first}"' in _text(ROOT / "lightq")
    if first in ("score", "instruments") and rest[:1] not in (["accept"], ["add"]):
        word = rest[0] if first == "instruments" and rest else "list"
        return _is_instruments_command("score" if first == "score" else word)
    command: click.Command | None = _commands()
    for word in words:
        if not isinstance(command, click.Group):
            return True
        command = command.get_command(click.Context(command), word)
    return command is not None


def _anchor(heading: str) -> str:
    """The name under which a heading is linked."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _resolves(path: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (path.parent / name).resolve() if name else path
    if not file.exists() or not file.is_relative_to(ROOT):
        return False
    return not anchor or anchor in {_anchor(heading) for heading in HEADING.findall(_text(file))}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    targets = [t for t in LINK.findall(_text(path)) if not re.match(r"[a-z]+:", t)]
    assert [target for target in targets if not _resolves(path, target)] == []


def test_every_command_that_is_named_exists() -> None:
    named = list(_found(COMMAND))
    assert named
    assert [(where, words) for where, words in named if not _is_command(words.split())] == []


def test_the_help_of_the_script_names_only_commands_that_exist() -> None:
    lines = re.findall(r"^  \./lightq (.+)$", _text(ROOT / "lightq").split('"""')[1], re.MULTILINE)
    named = [part for line in lines for part in re.split("  +", line)[0].split(", ")]
    words = [re.sub(r" *[^a-z |].*", "", part).split() for part in named]  # without options and arguments
    told = [[first, *one.split()] for first, *rest in words for one in "".join(rest or [""]).split("|")]
    assert ["instruments", "show"] in told
    assert [one for one in told if not _is_command(one)] == []


def test_every_setting_that_is_named_exists() -> None:
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    named = set(_found(SETTING))
    assert named
    strange = {(where, n) for where, n in named if not {n, n.removesuffix("_FILE")} & known}
    assert strange == set()


def test_every_file_and_folder_that_is_named_exists() -> None:
    named = {(where, place) for where, place in _found(PLACE) if not re.search(r"[A-Z]{3,}", place)}
    assert named
    assert {(where, place) for where, place in named if not (ROOT / place).exists()} == set()


def _attribute(name: str) -> Any:
    """What a dotted name stands for; raises ImportError or AttributeError."""
    module, *rest = name.split(".")
    found: Any = importlib.import_module(module)
    for word in rest:
        module = f"{module}.{word}"
        if not hasattr(found, word):
            importlib.import_module(module)
        found = getattr(found, word)
    return found


@pytest.mark.parametrize("name", sorted({name for _, name in _found(DOTTED)}))
def test_every_function_that_is_named_exists(name: str) -> None:
    assert _attribute(name) is not None


def test_the_index_of_decisions_is_complete() -> None:
    index = ROOT / "docs" / "adr" / "README.md"
    listed = LINK.findall(_text(index))
    assert sorted(name for name in listed if name[:4].isdigit()) == [path.name for path in DECISIONS]


def test_decisions_are_numbered_without_gap_and_carry_their_number() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for path in DECISIONS:
        assert _text(path).startswith(f"# {int(path.name[:4])}. "), path.name


def test_the_list_of_instruments_is_the_one_of_the_files() -> None:
    rows = [
        f"| `{one.key}-{one.version}.yaml` | {one.short_name} | {one.name} | {len(one.items)} "
        f"| {', '.join(one.languages)} | {', '.join(one.settings)} | {one.licence.status} |"
        for one in registry.load().list()
    ]
    table = _text(ROOT / "docs" / "instrument-list.md").splitlines()
    listed = [line for line in table if line.startswith("| `")]
    assert sorted(listed) == sorted(rows)


def test_the_number_of_instruments_is_the_one_of_the_files() -> None:
    everything = registry.load().list()
    worded = sum(bool(one.wordings) for one in everything)
    said = " ".join(_text(ROOT / "docs" / "instrument-list.md").split())
    assert f"{len(everything)} instruments, {worded} of them with wording" in said
    assert f"[{len(everything)} instruments](docs/instrument-list.md), {worded} with their wording" in _text(
        ROOT / "README.md"
    )


def test_every_instrument_file_is_listed_with_its_holder_in_the_notice() -> None:
    notice = _text(ROOT / "NOTICE")
    forms = [path.name for path in SHIPPED if path.name.count(".") == 1]
    assert forms
    assert [name for name in forms if name not in notice] == []


def test_the_readme_has_the_two_commands_on_lines_of_their_own() -> None:
    lines = _text(ROOT / "README.md").splitlines()
    assert {"    ./lightq demo", "    ./lightq test"} <= set(lines)


def test_the_licence_is_whole() -> None:
    text = _text(ROOT / "LICENSE")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_the_host_of_a_package_index(path: Path) -> None:
    assert INDEX_HOST.findall(_text(path)) == []


def _everything() -> Iterator[Path]:
    yield from DOCUMENTS
    yield from (ROOT / name for name in ("lightq", "wsgi.py", "pyproject.toml", ".ci/run", "NOTICE"))
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in KINDS)


def test_nothing_is_marked_as_unfinished() -> None:
    marked = [str(path.relative_to(ROOT)) for path in _everything() if MARK.search(_text(path))]
    assert marked == []
