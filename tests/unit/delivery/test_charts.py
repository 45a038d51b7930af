from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from delivery.charts import WIDTH, Mark, band_scale, number

BANDS = [("Minimal", 0.0, 4.0), ("Mild", 5.0, 9.0), ("Moderate", 10.0, 14.0), ("Severe", 15.0, 21.0)]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(**changes: object) -> ElementTree.Element:
    values: dict[str, object] = {
        "limits": (0, 21),
        "bands": BANDS,
        "now": (12, 12),
        "now_label": "now 12",
        "alt": "A scale.",
    }
    return ElementTree.fromstring(band_scale(**{**values, **changes}))  # type: ignore[arg-type]


def texts(svg: ElementTree.Element) -> dict[str, float]:
    return {node.text or "": float(node.attrib["x"]) for node in svg.iter(f"{SVG}text")}


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (14, "14"),
        (14.0, "14"),
        (2.5, "2.5"),
        (1 / 3, "0.33"),
        (-7, "−7"),
        (-0.0, "0"),
        (0, "0"),
        (100, "100"),
    ],
)
def test_numbers_are_short_and_have_a_real_minus(value: float, printed: str) -> None:
    assert number(value) == printed


def test_the_bands_fill_the_bar_without_gap_or_overlap() -> None:
    boxes = [(float(r.attrib["x"]), float(r.attrib["width"])) for r in drawn().iter(f"{SVG}rect")]
    assert boxes[0][0] == 0
    for (x, width), (following, _) in pairwise(boxes):
        assert x + width == pytest.approx(following, abs=0.02)
    assert sum(boxes[-1]) == pytest.approx(WIDTH, abs=0.02)


def test_a_cutoff_lies_half_a_step_below_the_first_clinical_score() -> None:
    dashed = [
        p for p in drawn(cutoff=Mark(11, "cut-off")).iter(f"{SVG}path") if "stroke-dasharray" in p.attrib
    ]
    boxes = [
        float(r.attrib["x"]) for r in drawn(bands=[("a", 0.0, 10.0), ("b", 11.0, 21.0)]).iter(f"{SVG}rect")
    ]
    assert [float(p.attrib["d"][1:].split()[0]) for p in dashed] == [boxes[1]]


def test_a_cutoff_of_a_scale_where_higher_is_better_lies_above_the_last_clinical_score() -> None:
    low = drawn(cutoff=Mark(10, "cut-off"), lower_is_better=True)
    high = drawn(cutoff=Mark(10, "cut-off"), lower_is_better=False)
    gap = texts(high)["cut-off"] - texts(low)["cut-off"]
    assert gap == pytest.approx(WIDTH / 22, abs=0.02)


def test_severity_is_darkest_at_the_bad_end() -> None:
    def fills(**changes: object) -> list[str]:
        return [r.attrib["fill"] for r in drawn(**changes).iter(f"{SVG}rect")]

    assert fills() == sorted(fills(), reverse=True)
    assert fills(lower_is_better=False) == sorted(fills(lower_is_better=False))


def test_more_bands_than_tints_still_run_from_lightest_to_darkest() -> None:
    bands = [(f"B{i}", i * 3.0, i * 3.0 + 2) for i in range(7)]
    fills = [r.attrib["fill"] for r in drawn(bands=bands).iter(f"{SVG}rect")]
    assert (fills[0], fills[-1]) == ("#fafaf8", "#d4d0d4")


def test_two_labels_at_one_place_become_one() -> None:
    shown = texts(drawn(earlier=[Mark(12, "last 12"), Mark(20, "first 20")]))
    assert "now 12, last 12" in shown
    assert "first 20" in shown


def test_labels_stay_inside_the_drawing() -> None:
    shown = texts(drawn(now=(0, 0), now_label="now 0", earlier=[Mark(21, "first 21")]))
    assert shown["now 0"] > 0
    assert shown["first 21"] < WIDTH


def test_the_cutoff_label_gives_way_but_its_line_stays() -> None:
    svg = drawn(now=(10, 10), now_label="now 10", cutoff=Mark(10, "cut-off 10"))
    assert "cut-off 10" not in texts(svg)
    assert [p for p in svg.iter(f"{SVG}path") if "stroke-dasharray" in p.attrib]


def test_a_possible_range_is_a_bracket_and_not_a_point() -> None:
    point, span = drawn(), drawn(now=(3, 9), now_label="now 3 to 9")
    assert any(p.attrib["d"].endswith("h12Z") for p in point.iter(f"{SVG}path"))
    assert not any(p.attrib["d"].endswith("h12Z") for p in span.iter(f"{SVG}path"))


def test_long_names_of_narrow_bands_take_two_rows() -> None:
    bands = [
        ("Extremely dissatisfied", 0.0, 2.0),
        ("Somewhat dissatisfied", 3.0, 5.0),
        ("Neutral", 6.0, 21.0),
    ]
    svg = drawn(bands=bands)
    assert {node.attrib["y"] for node in svg.iter(f"{SVG}text")} == {"11", "40", "50"}
    assert svg.attrib["height"] == "57pt"


def test_a_scale_without_bands_names_its_ends() -> None:
    assert {"0", "21", "now 12"} == set(texts(drawn(bands=[])))


def test_the_alternative_text_and_names_are_escaped() -> None:
    svg = drawn(alt="a < b & c", bands=[("<b>", 0.0, 21.0)])
    title = svg.find(f"{SVG}title")
    assert title is not None
    assert title.text == "a < b & c"
    assert "<b>" in texts(svg)
