from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from questionnaires.__main__ import main


def test_export_writes_one_file_that_check_knows(
    capsys: Any, tmp_path: Path, write: Any, content: Any
) -> None:
    write(content)
    assert main(["--folder", str(tmp_path), "export", "demo", "--version", "1"]) == 0
    exported = tmp_path / "exported.txt"
    exported.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["--folder", str(tmp_path), "check", str(exported)]) == 0
    assert capsys.readouterr().out == (
        "exported.txt: instrument file, Demo\ndemo version 1, 4 items, en\n"
        "It is fine, and installed already.\n"
    )


def test_export_writes_a_questionnaire_that_check_knows(
    capsys: Any, tmp_path: Path, write: Any, content: Any
) -> None:
    content["texts"]["es"] = content["texts"]["en"]
    content["licence"]["status"] = "unsettled"
    path = write(content)
    assert main(["--folder", str(tmp_path), "export", "demo", "--fhir", "--language", "es"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["language"] == "es"
    path.unlink()
    exported = tmp_path / "exported.json"
    exported.write_text(out, encoding="utf-8")
    assert main(["--folder", str(tmp_path), "check", str(exported)]) == 0
    assert capsys.readouterr().out == (
        "exported.json: FHIR Questionnaire, Demo\ndemo version 1, 4 items, en/es\n"
        "Can't be sent: Its licence is not settled.\nIt is fine.\n"
    )


def test_without_wording_the_scoring_is_exported(
    capsys: Any, tmp_path: Path, write: Any, content: Any
) -> None:
    del content["texts"]
    write(content)
    assert main(["--folder", str(tmp_path), "export", "demo", "--fhir"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "draft"
    assert main(["--folder", str(tmp_path), "check", str(tmp_path / "demo-1.yaml")]) == 0
    assert "demo version 1, 4 items, no wording\n" in capsys.readouterr().out


def test_what_is_wrong_is_said_with_its_place(capsys: Any, tmp_path: Path, content: Any) -> None:
    del content["options"]["often"][1]["value"]
    bad = tmp_path / "bad.yaml"
    bad.write_text(json.dumps(content, indent=1), encoding="utf-8")
    library = tmp_path / "library"
    library.mkdir()
    assert main(["--folder", str(library), "check", str(bad)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("bad.yaml, line ")
    assert err.endswith(": the option '1' has no value, but its list is used by a scored item\n")
    bad.write_text(
        '{"resourceType": "Questionnaire", "name": "A", "item": [{"linkId": "1", "type": "date"}]}'
    )
    assert main(["--folder", str(library), "check", str(bad)]) == 2
    assert capsys.readouterr().err == "bad.yaml: item[0].type: the type 'date' is not supported\n"
    assert main(["check", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: the file can't be read" in capsys.readouterr().err


def test_export_names_what_it_cannot_do(capsys: Any, tmp_path: Path, write: Any, content: Any) -> None:
    write(content)
    folder = ["--folder", str(tmp_path)]
    for arguments, reason in (
        (["export", "other"], "there is no instrument 'other'"),
        (["export", "demo", "--version", "7"], "there is no instrument 'demo' in version 7"),
        (["export", "demo", "--fhir", "--language", "fr"], "demo has no text in 'fr'"),
        (
            ["export", "demo", "--language", "en"],
            "--language goes with --fhir; our own file has every language in it",
        ),
    ):
        assert main([*folder, *arguments]) == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", reason + "\n")
