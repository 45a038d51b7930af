from __future__ import annotations

from dataclasses import replace
from gettext import NullTranslations
from xml.etree import ElementTree

import pytest

from delivery.report_input import Alert, ReportInput, Scale
from delivery.report_page import page
from tests.unit.workers import samples


class Bracketed(NullTranslations):
    """A language in which every message stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"[{one if n == 1 else many}]"


def parsed(report: ReportInput) -> ElementTree.Element:
    return ElementTree.fromstring(page(report))


def text(report: ReportInput) -> str:
    body = parsed(report).find("body")
    assert body is not None
    return " ".join("".join(body.itertext()).split())


def row(report: ReportInput, name: str) -> list[str]:
    """The cells of the row that begins with `name`."""
    rows = (["".join(cell.itertext()) for cell in one] for one in parsed(report).iter("tr"))
    return next(cells for cells in rows if cells[0].startswith(name))


def heading(report: ReportInput) -> str:
    """The first second-level heading: the "read first" box or the calm line."""
    found = next(parsed(report).iter("h2"))
    return " ".join("".join(found.itertext()).split())


@pytest.mark.parametrize("name", samples.ALL)
def test_every_report_is_well_formed_with_one_main_heading(name: str) -> None:
    root = parsed(samples.ALL[name]())
    assert [len(list(root.iter(tag))) for tag in ("h1", "h3", "h4")] == [1, 0, 0]
    assert root.findtext("head/title") == "".join(root.find("body/h1").itertext())  # type: ignore[union-attr]
    assert root.attrib["lang"] == "en"


def test_the_blocks_come_in_their_order() -> None:
    whole = text(samples.phq9())
    places = [
        whole.index(words)
        for words in (
            "Patient Health",
            "Elena R., PHQ-9",
            "Read first",
            "Answered",
            "Score",
            "Answers",
            "About",
        )
    ]
    assert places == sorted(places)


def test_everything_that_the_record_holds_is_on_the_page() -> None:
    report, whole = samples.phq9(), text(samples.phq9())
    for words in (
        "Elena R., PHQ-9, 20 Nov 2026",
        "Patient Health Questionnaire-9 (PHQ-9), for Ana Rowan, PsyD, Cedar Street Counseling",
        "Fri 20 Nov 2026, 19:38",
        "Started 19:31, sent 18:00, Pacific time",
        "Form 13 of the schedule “every 2 weeks”",
        "The client: likely",
        "Own number, confirmed, not shared",
        "Answered in English",
        "Link by text message",
        "On a phone, in one sitting",
        "Week 24 of the episode (5 Jun 2026)",
        "14 of 27",
        "Moderate 10 to 14",
        "Reliable improvement since the first, 5 Jun: 7 points lower, 21 to 14.",
        "No reliable change since the last, 6 Nov: 3 points lower, 17 to 14.",
        "Reliable means 6 points or more (NHS Talking Therapies manual).",
        "Counting rule for major depressive syndrome: not met.",
        "Total: 2 + 2 + 1 + 2 + 1 + 2 + 2 + 1 + 1 = 14.",
        "Missing answers: none, no rule was needed.",
        "PHQ-9 definition 1 (English), scoring 1.4.0, report 1.0. Made Fri 20 Nov 2026, 19:39, Pacific time.",
        "Answers, sha256: 140b e9c7 aeaa",
        "Definition, sha256: 7d3f 7d3f",
        "Notice: Developed by Drs.",
        "Kroenke, Spitzer and Williams 2001",
    ):
        assert words in whole, words
    for one in report.answers:
        assert f"{one.number}. {one.text}" in whole


def test_the_footer_names_client_measure_day_versions_and_hash() -> None:
    body = parsed(samples.phq9()).find("body")
    assert body is not None
    assert body.attrib["data-foot"] == (
        "Elena R. · PHQ-9, 20 Nov 2026 · definition 1, scoring 1.4.0 · answers sha256 140b e9c7 aeaa baaa"
    )
    assert body.attrib["data-licence"].startswith(" · PHQ-9: no permission required")


def test_a_critical_answer_is_boxed_with_now_last_and_first() -> None:
    whole = text(samples.phq9())
    assert heading(samples.phq9()) == "Read first: question 9, “Several days”"
    assert (
        "Now: Several days (1). Last time: Several days (1). First time: More than half the days (2)."
        in whole
    )
    assert "Alert to Dr. Rowan by text, 19:38; not yet confirmed when this page was made, 19:39." in whole


def test_a_critical_question_left_blank_is_boxed_as_a_blank() -> None:
    report = samples.phq9_blank_risk()
    assert heading(report) == "Read first: question 9 was left blank by the client"
    whole = text(report)
    assert "Now: left blank, which is not a “no”." in whole
    assert "Nothing left blank" not in whole
    assert "No total: 1 blank" in whole
    assert "= 13 to 16." in whole
    assert "Missing answers: question 9. The PHQ-9 has no official rule for blanks." in whole


def test_a_form_without_one_answer_shows_no_total_and_never_a_zero() -> None:
    report = samples.phq9_all_blank()
    whole = text(report)
    assert "It is not certain who answered." in whole
    assert "Left blank, not counted as 0: 1, 2, 3, 4, 5, 6, 7, 8, 10." in whole
    assert "No total: 9 blank" in whole
    rows = [row for row in parsed(report).iter("tr") if row.find("td") is not None]
    assert {("".join(row[1].itertext()), "".join(row[2].itertext())) for row in rows} == {("Left blank", "–")}


def test_nothing_critical_and_nothing_blank_is_one_calm_line() -> None:
    report = samples.pcl5()
    assert heading(report) == "No critical answer. Nothing left blank."
    assert not [one for one in parsed(report).iter("div") if one.attrib.get("class") == "first"]


def test_an_uncertain_person_is_named_in_the_calm_line_too() -> None:
    report = replace(samples.pcl5(), people=replace(samples.PEOPLE, certainty="uncertain"))
    assert heading(report) == "It is not certain who answered. No critical answer. Nothing left blank."


def test_a_few_blanks_are_named_with_their_wording() -> None:
    report = replace(samples.phq9_all_blank(), alerts=(), answers=samples.phq9_all_blank().answers[:2])
    assert heading(report) == "Read first: 2 questions were left blank"
    assert "Question 1 left blank: Little interest or pleasure in doing things" in text(report)
    one = replace(report, answers=report.answers[:1])
    assert heading(one) == "Read first: question 1 was left blank by the client"


def test_a_second_critical_answer_stands_in_the_same_box() -> None:
    report = replace(samples.phq9(), alerts=(*samples.phq9().alerts, Alert("phq9_6", state="not_sent")))
    whole = text(report)
    assert "Also: question 6, “More than half the days”" in whole
    assert whole.count("Nothing left blank.") == 1


def test_critical_and_blank_rows_are_marked_and_unscored_rows_set_back() -> None:
    classes = {row[0].text: row.attrib.get("class") for row in parsed(samples.phq9()).iter("tr")}
    kinds = {(name or "").split(".")[0]: kind for name, kind in classes.items()}
    assert (kinds["9"], kinds["10"], kinds["1"]) == ("mark", "off", None)


def test_every_table_cell_has_its_row_and_column_header() -> None:
    for name in samples.ALL:
        for table in parsed(samples.ALL[name]()).iter("table"):
            head = table.findall("thead/tr/th")
            assert all(cell.attrib["scope"] == "col" for cell in head)
            for row in table.findall("tbody/tr"):
                assert row[0].tag == "th"
                assert row[0].attrib["scope"] == "row"
                assert len(row) == len(head)
            assert len(table.findall("colgroup/col")) == len(head)


def test_parts_show_their_ranges_and_changes() -> None:
    assert row(samples.pcl5(), "B, intrusion") == ["B, intrusion", "11", "0 to 20", "−4", "−4"]
    assert "DSM-5 symptom pattern: met." in text(samples.pcl5())


def test_a_part_without_a_score_shows_its_possible_range_and_judges_nothing() -> None:
    part = samples.pcl5().subscales[0]
    report = replace(samples.pcl5(), subscales=(replace(part, value=None, possible=(8, 12)),))
    assert row(report, "B, intrusion")[1:] == ["8 to 12", "0 to 20", "not judged", "not judged"]


def test_a_reliable_change_of_a_part_is_called_so() -> None:
    part = samples.pcl5().subscales[0]
    change = replace(part.changes[0], verdict="reliable_improvement")
    bands = replace(part, changes=(change,), bands=samples.PHQ9_BANDS, band="Mild", prorated=True)
    report = replace(samples.pcl5(), subscales=(bands,))
    assert row(report, "B, intrusion") == [
        "B, intrusion (estimated)",
        "11",
        "0 to 20",
        "Mild",
        "−4 reliable",
        "–",
    ]


def test_a_measure_without_an_official_total_says_so() -> None:
    report = replace(samples.pcl5(), total=None)
    assert "This measure has no official total." in text(report)
    assert not list(parsed(report).iter("svg"))


def test_the_drawing_says_all_its_numbers_in_words() -> None:
    svg = next(one for one in parsed(samples.phq9()).iter() if one.tag.endswith("svg"))
    assert svg[0].text == (
        "PHQ-9, scale from 0 to 27: now 14, in the band Moderate, 10 to 14. last 17. first 21. cut-off 10."
    )
    svg = next(one for one in parsed(samples.phq9_blank_risk()).iter() if one.tag.endswith("svg"))
    assert (svg[0].text or "").startswith(
        "PHQ-9, scale from 0 to 27: no total, a possible range of 13 to 16."
    )


def test_supervision_mandate_and_void_stand_above_the_title() -> None:
    people = replace(samples.PEOPLE, supervisor="J. Okafor, PhD", mandated=True)
    first = text(replace(samples.phq9(), people=people, void="answered by the wrong person")).split(
        "Elena R."
    )[0]
    assert first.startswith("VOID: answered by the wrong person.")
    assert "under supervision of J. Okafor, PhD" in first
    assert "Answers given under a mandate may be too low." in first


def test_typed_answers_name_who_typed_them() -> None:
    assert "In person Read out or typed by Ana Rowan, PsyD" in " ".join(
        " ".join(one.itertext()) for one in parsed(samples.audit_c()).iter("div")
    )


def test_a_short_form_stays_on_one_page_and_a_long_one_starts_a_second() -> None:
    assert 'class="page2"' in page(samples.phq9())
    assert 'class="page2"' not in page(samples.audit_c())


def test_columns_for_earlier_answers_appear_only_if_there_are_any() -> None:
    assert "Last" in text(samples.phq9())
    assert [cell.text for cell in parsed(samples.audit_c()).iter("th")][:3] == [
        "Question, as asked",
        "Answer",
        "Now",
    ]


def test_markup_and_template_signs_in_names_stay_text() -> None:
    hostile = '<script>alert(1)</script> & "x" {{ 7*7 }} {% raw %} ]]> \''
    report = samples.named(hostile, clinician="</p><img src='http://127.0.0.1/'/>", practice="&amp;")
    root = parsed(report)
    assert not list(root.iter("script"))
    assert not list(root.iter("img"))
    assert next(root.iter("bdi")).tail is not None
    assert hostile in {"".join(one.itertext()) for one in root.iter("bdi")}
    assert root.findtext("head/title", "").startswith(hostile)


def test_signs_that_xml_or_a_reader_cannot_take_are_left_out() -> None:
    report = samples.named("A\x00\x0b\ud800\u202eB\u2066 \u200dC\ufffe")
    assert {"".join(one.itertext()) for one in parsed(report).iter("bdi")} >= {"AB \u200dC"}


def test_a_very_long_name_is_cut_in_the_footer_only() -> None:
    name = "Maria del Carmen " * 9
    body = parsed(samples.named(name)).find("body")
    assert body is not None
    assert body.attrib["data-foot"].split(" · ")[0].endswith("…")
    assert len(body.attrib["data-foot"].split(" · ")[0]) <= 60
    assert name in "".join(body.itertext())


def test_wording_in_another_language_is_marked_as_such() -> None:
    measure = replace(samples.PHQ9, language="es", stem="Durante las últimas 2 semanas")
    root = parsed(replace(samples.phq9(), measure=measure))
    foreign = [one for one in root.iter() if one.attrib.get("lang") == "es"]
    assert "Durante las últimas 2 semanas" in {one.text for one in foreign}
    assert sum(one.tag == "th" for one in foreign) == 10


def test_all_words_of_the_interface_can_be_translated() -> None:
    made = page(samples.phq9(), Bracketed())
    root = ElementTree.fromstring(made)
    for tag in ("h2", "b"):
        for one in root.iter(tag):
            words = "".join(one.itertext())
            if tag == "h2" or words.endswith(":"):
                assert words.startswith("["), words
    assert root.attrib["lang"] == "[en]"


def test_an_alert_about_an_unknown_question_is_an_error() -> None:
    with pytest.raises(ValueError, match="phq9_11"):
        page(replace(samples.phq9(), alerts=(Alert("phq9_11"),)))


def test_an_unverified_cutoff_is_labelled_where_it_is_drawn() -> None:
    assert "cut-off 31, not verified" in text(samples.pcl5())


def test_a_total_without_value_and_range_has_no_drawing() -> None:
    total = Scale("Total", 0, 27)
    assert not [one for one in parsed(replace(samples.phq9(), total=total)).iter() if one.tag.endswith("svg")]


def test_a_measure_whose_two_names_are_one_is_named_once() -> None:
    report = replace(samples.phq9(), measure=replace(samples.PHQ9, name="Evenings", short="Evenings"))
    assert "Evenings, for" in text(report)
    assert "(Evenings)" not in text(report)
