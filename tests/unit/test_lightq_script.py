"""The entry script: what it finds, fetches and becomes. No network, and never the real `.venv`."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

REPO = Path(__file__).parents[2]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, in a folder of its own with two small lock files."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "lightq").write_text((REPO / "lightq").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "requirements.txt").write_text("one==1\n")
    (folder / "requirements-dev.txt").write_text("one==1\ntwo==2\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("lightq_script", str(folder / "lightq"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def environment(script: ModuleType) -> Path:
    """A finished environment for everyday commands, with Pango beside it."""
    python = script.PYTHON
    (script.VENV / "lib/python3.11/site-packages").mkdir(parents=True)
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    script.STAMP.write_text(json.dumps(script.state(script.LOCK)))
    give_pango(script)
    return Path(script.VENV)


def give_pango(script: ModuleType) -> None:
    library = script.SYSLIBS / "usr/lib/x86_64-linux-gnu/libpango-1.0.so.0"
    library.parent.mkdir(parents=True)
    library.touch()


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def recorder(calls: list[object], result: object = None) -> Callable[..., object]:
    def record(*arguments: object) -> object:
        calls.append(arguments[0] if len(arguments) == 1 else arguments)
        return result

    return record


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse((REPO / "lightq").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_an_older_python_can_read_it_and_is_told_what_is_needed(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ast.parse((REPO / "lightq").read_text(encoding="utf-8"), feature_version=(3, 8))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert script.main(["demo"]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_it_can_be_run_and_so_can_the_proof() -> None:
    assert os.access(REPO / "lightq", os.X_OK)
    assert os.access(REPO / ".ci/run", os.X_OK)


def test_the_development_lock_holds_all_of_the_everyday_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.\-\[\]]+==\S+", (REPO / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_help_comes_without_any_set_up(script: ModuleType) -> None:
    done = subprocess.run(
        [sys.executable, script.ROOT / "lightq", "--help"], capture_output=True, text=True, check=True
    )
    assert "./lightq demo" in done.stdout
    assert done.stderr == ""
    assert not script.VENV.exists()


@pytest.mark.usefixtures("environment")
def test_a_current_environment_is_left_alone(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "make_ready", lambda _command: pytest.fail("there was nothing to do"))
    for command in ("demo", "score", "setup"):
        script.set_up(command)


@pytest.mark.usefixtures("environment")
def test_a_changed_lock_file_is_noticed(script: ModuleType) -> None:
    assert script.missing("demo") == ("", False)
    (script.ROOT / "requirements.txt").write_text("one==2\n")
    assert script.missing("demo") == ("requirements.txt", False)


@pytest.mark.usefixtures("environment")
def test_the_tests_need_more_than_everyday_commands(script: ModuleType) -> None:
    assert script.missing("test") == ("requirements-dev.txt", False)
    script.STAMP.write_text(json.dumps(script.state(script.LOCK, script.DEV_LOCK)))
    assert script.missing("test") == ("", False)
    assert script.missing("demo") == ("", False)


@pytest.mark.usefixtures("environment")
def test_an_environment_whose_python_was_replaced_or_removed_is_none(
    script: ModuleType, tmp_path: Path
) -> None:
    assert script.stamped()
    script.PYTHON.unlink()
    script.PYTHON.symlink_to("/bin/sh")
    assert script.stamped() == {}
    script.PYTHON.unlink()
    script.PYTHON.symlink_to(tmp_path / "gone")
    script.STAMP.write_text(json.dumps(script.state(script.LOCK)))
    assert script.stamped() == {}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"text"'])
def test_a_damaged_stamp_is_none(script: ModuleType, content: str) -> None:
    script.STAMP.write_text(content)
    assert script.missing("demo") == ("requirements.txt", False)


def test_a_set_up_that_breaks_off_leaves_no_stamp_and_the_next_one_starts_over(
    script: ModuleType, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (environment / "half-installed").touch()
    (script.ROOT / "requirements.txt").write_text("one==2\n")

    def break_off(_lock: str) -> None:
        raise script.Trouble("no network")

    monkeypatch.setattr(script, "install", break_off)
    assert script.main(["demo"]) == 1
    assert not script.STAMP.exists()
    monkeypatch.setattr(script, "install", recorder([]))
    script.set_up("demo")
    assert not (environment / "half-installed").exists()
    assert script.missing("demo") == ("", False)


def test_the_environment_finds_our_packages_from_any_folder(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_pango(script)
    monkeypatch.setattr(script, "install", recorder([]))
    script.set_up("demo")
    (script.ROOT / "delivery").mkdir()
    (script.ROOT / "delivery/__init__.py").touch()
    (tmp_path / "delivery.py").touch()
    show = "import delivery; print(delivery.__file__)"
    done = subprocess.run(
        [script.PYTHON, "-P", "-c", show], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(script.ROOT / "delivery/__init__.py")


def test_a_second_set_up_waits_and_then_finds_its_work_done(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first is a process that holds the folder's lock until we see the second wait for it."""
    answers = iter([("requirements.txt", False), ("", False)])
    monkeypatch.setattr(script, "missing", lambda _command: next(answers))
    monkeypatch.setattr(script, "make_ready", lambda _command: pytest.fail("the first has done it"))
    hold = (
        "import fcntl, os, sys; folder = os.open(sys.argv[1], os.O_RDONLY);"
        "fcntl.flock(folder, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", hold, script.ROOT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdin is not None
    assert first.stdout is not None
    assert first.stdout.readline() == b"held\n"
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        assert first.stdin is not None
        first.stdin.close()

    monkeypatch.setattr(script, "say", say)
    script.set_up("demo")
    assert len(said) == 1
    assert "waiting" in said[0]
    assert first.wait(20) == 0
    first.stdout.close()


@pytest.mark.parametrize(("user", "way"), [(0, "apt_install"), (1000, "apt_unpack")])
def test_root_installs_debian_packages_and_others_unpack_them(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, way: str
) -> None:
    program(tmp_path / "bin", "apt-get", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    calls: list[object] = []
    monkeypatch.setattr(script, way, recorder(calls))
    script.fetch(["libpango-1.0-0"])
    assert calls == [["libpango-1.0-0"]]


def test_lists_are_fetched_when_the_packages_are_not_found_without(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    fresh = tmp_path / "fresh"
    program(
        tmp_path / "bin",
        "apt-get",
        f'for word; do case "$word" in update) : > {fresh}; echo update >> {log};; '
        f"install) echo install >> {log}; test -e {fresh} || exit 100;; esac; done",
    )
    monkeypatch.setenv("DEBIAN_FRONTEND", "noninteractive")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    script.apt_install(["libpango-1.0-0"])
    assert log.read_text().split() == ["install", "update", "install"]


def test_unpacked_packages_join_those_of_an_earlier_time(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(
        tmp_path / "bin",
        "apt-get",
        'case "$*" in *--print-uris*) echo "\'http://x/a.deb\' libpango-1.0-0_1.50_amd64.deb 1 SHA256:0";; '
        '*download*) test "${*##* }" = libpango-1.0-0 && touch libpango-1.0-0_1.50_amd64.deb;; esac',
    )
    program(
        tmp_path / "bin", "dpkg-deb", 'mkdir -p "$3/usr/lib/any" && touch "$3/usr/lib/any/libpango-1.0.so.0"'
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    (script.SYSLIBS / "usr/share").mkdir(parents=True)
    (script.SYSLIBS / "usr/share/earlier").touch()
    (script.ROOT / ".syslibs.left-by-a-killed-run").mkdir()
    script.apt_unpack(["libpango-1.0-0"])
    assert script.has_pango()
    assert (script.SYSLIBS / "usr/share/earlier").exists()
    assert [entry.name for entry in script.ROOT.glob(".syslibs*")] == [".syslibs"]


def test_a_machine_without_pango_and_apt_goes_on_and_is_not_asked_again_within_the_hour(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(script, "has_pango", lambda: False)
    monkeypatch.setattr(script, "installers", lambda: [["pip"]])
    monkeypatch.setattr(script, "fill_environment", recorder([]))
    monkeypatch.setenv("PATH", str(tmp_path))
    script.set_up("demo")
    told = capsys.readouterr().err
    assert "as root: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in told
    assert "no report can be drawn" in told
    assert script.missing("demo")[1] is False
    assert script.missing("setup")[1] is True
    an_hour_ago = time.time() - 3700
    os.utime(script.SYSLIBS_TRIED, (an_hour_ago, an_hour_ago))
    assert script.missing("demo")[1] is True


def test_pip_itself_is_fetched_where_python_has_none(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_pango(script)
    calls: list[object] = []
    monkeypatch.setattr(script, "installers", list)
    monkeypatch.setattr(script, "fetch", recorder(calls))
    monkeypatch.setattr(script, "fill_environment", recorder([]))
    script.set_up("score")
    assert calls == [["python3-pip-whl"]]


def test_uv_comes_first_where_it_works_and_pip_after_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    program(tmp_path / "bin", "uv", "exit 127")
    assert [way[0] for way in script.installers()] != []
    assert "uv" not in [way[0] for way in script.installers()]
    program(tmp_path / "bin", "uv", "exit 0")
    assert script.installers()[0][0] == "uv"
    assert len(script.installers()) == 2


def test_where_one_way_does_not_install_the_next_one_is_tried(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = program(tmp_path / "bin", "bad", "echo no route to index >&2; exit 2")
    good = program(tmp_path / "bin", "good", f'echo "$@" > {tmp_path / "asked"}')
    monkeypatch.setattr(script, "installers", lambda: [[bad], [good]])
    script.install("requirements.txt")
    assert "--require-hashes" in (tmp_path / "asked").read_text()
    monkeypatch.setattr(script, "installers", lambda: [[bad]])
    with pytest.raises(script.Trouble, match=r"Is there a network\?[\s\S]*no route to index"):
        script.install("requirements.txt")
    monkeypatch.setattr(script, "installers", list)
    with pytest.raises(script.Trouble, match="no pip"):
        script.install("requirements.txt")


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("score phq9", "questionnaires score phq9"),
        ("instruments list --json", "questionnaires list --json"),
        ("instruments", "questionnaires"),
        ("instruments accept who5 --all --name Ada", "delivery.cli instruments accept who5 --all --name Ada"),
        ("instruments add own.yaml", "delivery.cli instruments add own.yaml"),
        ("demo --once --out x", "delivery.cli demo --once --out x"),
        ("bench", "bench"),
        ("faults --quick", "bench.faults --quick"),
        ("gallery --only kiosk-", "bench.gallery --only kiosk-"),
    ],
)
def test_other_commands_become_the_module_that_does_them(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, words: str, module: str
) -> None:
    calls: list[object] = []
    monkeypatch.setattr(script, "set_up", recorder([]))
    monkeypatch.setattr(os, "execv", recorder(calls, 0))
    script.main(words.split())
    assert calls == [(script.PYTHON, [str(script.PYTHON), "-P", "-m", *module.split()])]


def test_tests_run_phase_by_phase_until_one_does_not_pass(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    python = program(tmp_path / "bin", "python", f'echo "$@" >> {log}; case "$*" in *second*) exit 3;; esac')
    monkeypatch.setattr(script, "PYTHON", python)
    monkeypatch.setattr(script, "TEST_PHASES", (["-n", "2"], ["second"], ["third"]))
    monkeypatch.setattr(script, "fetch", lambda _packages: pytest.fail("nobody asked for it"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert script.test(["--install", "-k", "links"]) == 3
    assert log.read_text().splitlines() == ["-P -m pytest -n 2 -k links", "-P -m pytest second -k links"]


def test_root_gets_the_tools_of_the_tests_only_when_asked(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(script, "PYTHON", program(tmp_path / "bin", "python", "exit 0"))
    monkeypatch.setattr(script, "TEST_TOOLS", {"no-such-tool": "its-package"})
    monkeypatch.setattr(script, "TEST_LIBRARIES", {"libno-such.so.1": "libno-such1", "libc.so.6": "libc6"})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("CI", raising=False)
    calls: list[object] = []
    monkeypatch.setattr(script, "fetch", recorder(calls))
    script.test([])
    assert calls == []
    script.test(["--install"])
    monkeypatch.setenv("CI", "true")
    script.test([])
    assert calls == [["its-package", "libno-such1"], ["its-package", "libno-such1"]]


def test_a_check_that_does_not_pass_is_shown_and_makes_the_whole_not_pass(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(script, "CHECKS", {"lint": ["-c", "print('fine')"], "types": ["-c", "1/0"]})
    assert script.check() == 1
    out = capsys.readouterr().out
    assert "lint: ok\n" in out
    assert "types: FAILED\n" in out
    assert "ZeroDivisionError" in out
    assert "fine" not in out
    monkeypatch.setattr(script, "CHECKS", {"lint": ["-c", ""]})
    assert script.check() == 0
