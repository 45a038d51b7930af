from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from questionnaires import registry
from questionnaires.__main__ import main

REPOSITORY = Path(__file__).parents[3]


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "questionnaires", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_list_gives_the_fixed_shape(capsys: Any) -> None:
    assert main(["list", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    phq9 = next(one for one in entries if one["key"] == "phq9")
    assert phq9.pop("licence") == {"status": "free", "notice": phq9_notice()}
    assert phq9 == {
        "key": "phq9",
        "version": 1,
        "name": "Patient Health Questionnaire-9",
        "items": 10,
        "languages": ["en", "es"],
        "settings": ["remote", "kiosk", "in_person", "public"],
        "sendable": True,
    }


def phq9_notice() -> str:
    return (
        "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an "
        "educational grant from Pfizer Inc. No permission required to reproduce, translate, display or "
        "distribute."
    )


def test_list_is_readable_without_json(capsys: Any, tmp_path: Path, write: Any, content: Any) -> None:
    assert main(["list"]) == 0
    assert "gad7           7 items  en/es  Generalized Anxiety Disorder" in capsys.readouterr().out
    del content["texts"]
    write(content)
    assert main(["--folder", str(tmp_path), "list"]) == 0
    assert capsys.readouterr().out == "demo           4 items  -  Demo  (can't be sent)\n"


def test_show_gives_the_fixed_shape_in_printed_order(capsys: Any) -> None:
    assert main(["show", "phq9", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [item["id"] for item in shown["items"]] == [f"phq9_{n}" for n in range(1, 11)]
    assert shown["items"][0]["text"] == "Little interest or pleasure in doing things"
    assert [item["scored"] for item in shown["items"]] == [True] * 9 + [False]
    first = [(o["code"], o["label"], o["value"]) for o in shown["items"][0]["options"]]
    assert first[0] == ("0", "Not at all", 0)
    assert first[3] == ("3", "Nearly every day", 3)
    assert shown["bands"]["total"][1] == {"from": 5, "to": 9, "label": "mild"}
    assert shown["stem"].startswith("Over the last 2 weeks")
    assert shown["scales"][0]["missing"]["rule"] == "none"
    assert len(shown["content_hash"]) == 64
    assert any(figure["verified"] is False for figure in shown["change"])


def test_show_is_readable_without_json(capsys: Any, tmp_path: Path, write: Any, content: Any) -> None:
    assert main(["show", "gad2"]) == 0
    out = capsys.readouterr().out
    assert "  2  Not being able to stop or control worrying\n     Not at all (0) / Several days (1)" in out
    assert "No permission required" in out
    content["licence"]["status"] = "unsettled"
    write(content)
    assert main(["--folder", str(tmp_path), "show", "demo", "--version", "1"]) == 0
    assert "Its licence is not settled." in capsys.readouterr().out


def test_verify_counts_the_cases_and_names_what_differs(
    capsys: Any, tmp_path: Path, write: Any, content: Any
) -> None:
    assert main(["verify"]) == 0
    passed, of, all_cases, *rest = capsys.readouterr().out.split()
    assert (of, rest) == ("of", ["reference", "cases", "pass"])
    assert passed == all_cases
    write(content)
    golden = tmp_path / "golden"
    golden.mkdir()
    case = {"name": "ones", "source": "S", "answers": [1], "expect": {"valid": True}}
    (golden / "demo.yaml").write_text(json.dumps({"versions": {"1": [case, {**case, "expect": {}}]}}))
    assert main(["--folder", str(tmp_path), "verify", "--golden", str(golden)]) == 1
    assert capsys.readouterr().out == (
        "demo version 1, ones: valid: False instead of True\n1 of 2 reference cases pass\n"
    )


def test_score_reads_lines_and_writes_lines() -> None:
    code, out, err = run("score", "gad2", stdin='{"gad2_1": "3", "gad2_2": "1"}\nnonsense\n')
    assert (code, err) == (0, "")
    good, bad = map(json.loads, out.splitlines())
    assert good == {
        "complete": True,
        "valid": True,
        "scores": {"total": {"value": 4, "band": None, "prorated": False, "range": None}},
        "screens": {"anxiety": True},
        "categories": {},
        "alerts": [],
        "missing": [],
    }
    assert bad == {"error": "the line is not JSON"}


def test_score_takes_the_context() -> None:
    answers = '{"audit_c_1": "3", "audit_c_2": "0", "audit_c_3": "0"}'
    verdicts = []
    for context in ('{"sex": "female"}', '{"sex": "male"}', "{}"):
        _code, out, _err = run("score", "audit_c", "--context", context, stdin=answers)
        verdicts.append(json.loads(out)["screens"]["unhealthy_alcohol_use"])
    assert verdicts == [True, False, None]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "phq99"], "there is no instrument 'phq99'"),
        (["score", "phq9", "--version", "9"], "there is no instrument 'phq9' in version 9"),
        (["show", "phq99"], "there is no instrument 'phq99'"),
        (["score", "phq9", "--context", "{"], "--context is not JSON"),
        (["score", "phq9", "--context", "[" * 100_000], "--context"),
        (["score", "phq9", "--context", '{"sex": "x"}'], "--context: sex is male, female"),
    ],
)
def test_a_bad_command_is_refused_in_one_plain_line(capsys: Any, arguments: list[str], words: str) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_bad_file_is_refused_with_file_line_and_reason(
    capsys: Any, tmp_path: Path, write: Any, content: Any
) -> None:
    write(content | {"minutes": "x"})
    assert main(["--folder", str(tmp_path), "list"]) == 2
    assert capsys.readouterr().err.startswith("demo-1.yaml, line ")


def test_score_in_this_process(monkeypatch: Any, tmp_path: Path, capfdbinary: Any) -> None:
    source = tmp_path / "lines"
    source.write_bytes(b"{}\n")
    with source.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert main(["score", "gad2"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["missing"] == ["gad2_1", "gad2_2"]


def test_a_reader_that_goes_away_is_no_error() -> None:
    lines = '{"gad2_1": "3", "gad2_2": "1"}\n' * 50_000
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "questionnaires", "score", "gad2"],
        input=lines.encode(),
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        check=False,
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 1


def test_a_reader_that_goes_away_ends_the_command_quietly(monkeypatch: Any, capfd: Any) -> None:
    def gone(_options: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("questionnaires.__main__._list", gone)
    assert main(["list"]) == 1
    assert capfd.readouterr().err == ""


def test_the_exit_code_is_that_of_the_command(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["questionnaires", "show", "phq99"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(REPOSITORY / "questionnaires" / "__main__.py"), run_name="__main__")
    assert caught.value.code == 2
    assert "phq99" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["phq9", "asq", "apeqpt"])
def test_score_starts_without_the_checking_code(key: str) -> None:
    """With a language file and with free text too: pydantic takes a third of a second to import."""
    registry.load_one(key)  # prepared from here on
    code = (
        "import sys; from questionnaires.__main__ import main; "
        f"main(['score', '{key}']); print([one for one in ('pydantic', 'yaml') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="{}", capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
