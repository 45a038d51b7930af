from __future__ import annotations

from typing import Any

import pytest

from questionnaires.change import change


def with_figures(content: Any, *figures: dict[str, Any], higher_is_better: bool = False) -> Any:
    content["scales"][0]["higher_is_better"] = higher_is_better
    content["change"] = [
        {"scale": "total", "kind": "reliable", "source": "Somebody 2001", "verified": True, **figure}
        for figure in figures
    ]
    return content


@pytest.mark.parametrize(
    ("key", "earlier", "later", "points", "direction", "reliable", "crossed", "recovered"),
    [
        ("phq9", 15, 9, -6, "better", True, True, True),
        ("phq9", 15, 10, -5, "better", False, False, False),
        ("phq9", 12, 9, -3, "better", False, True, False),
        ("phq9", 20, 10, -10, "better", True, False, False),
        ("phq9", 10, 9, -1, "better", False, True, False),
        ("phq9", 9, 3, -6, "better", True, False, False),
        ("phq9", 9, 15, 6, "worse", True, False, False),
        ("phq9", 9, 9, 0, "same", False, False, False),
        ("phq9", 8, 9, 1, "worse", False, False, False),
        ("gad7", 11, 7, -4, "better", True, True, True),
        ("gad7", 11, 8, -3, "better", False, False, False),
        ("pcl5", 43, 28, -15, "better", True, True, True),
        ("pcl5", 43, 29, -14, "better", False, False, False),
        ("phq2", 6, 0, -6, "better", None, None, None),
    ],
)
def test_shipped_figures(
    shipped: Any,
    key: str,
    earlier: int,
    later: int,
    points: int,
    direction: str,
    reliable: bool | None,
    crossed: bool | None,
    recovered: bool | None,
) -> None:
    found = change(shipped.get(key), "total", earlier, later)
    assert (found.points, found.direction, found.reliable) == (points, direction, reliable)
    assert found.crossed_cutoff is crossed
    assert found.recovered is recovered
    assert found.verified is (reliable is not None)


def test_pcl5_ships_both_published_figures_and_decides_by_the_first(shipped: Any) -> None:
    pcl5 = shipped.get("pcl5")
    assert [one.points for one in pcl5.change if one.kind == "reliable"] == [15, 18]
    assert "Marx" in (change(pcl5, "total", 40, 24).source or "")
    assert change(pcl5, "total", 40, 24).reliable is True


def test_an_unverified_figure_is_named_and_decides_nothing(make: Any, content: Any) -> None:
    instrument = make(
        with_figures(
            content, {"points": 1, "verified": False}, {"kind": "cutoff", "points": 6, "verified": False}
        )
    )
    found = change(instrument, "total", 12, 0)
    assert (found.reliable, found.crossed_cutoff, found.recovered) == (None, None, None)
    assert (found.source, found.verified, found.cutoff_source) == ("Somebody 2001", False, "Somebody 2001")


def test_of_several_figures_without_a_default_none_decides(make: Any, content: Any) -> None:
    found = change(make(with_figures(content, {"points": 1}, {"points": 2})), "total", 12, 0)
    assert (found.reliable, found.source) == (None, None)


def test_where_higher_is_better_direction_and_cutoff_turn_round(make: Any, content: Any) -> None:
    figures = ({"points": 3}, {"kind": "cutoff", "points": 6})
    instrument = make(with_figures(content, *figures, higher_is_better=True))
    assert instrument.higher_is_better
    assert change(instrument, "total", 6, 9)[:3] == (3, "better", True)
    assert change(instrument, "total", 6, 7).crossed_cutoff is True
    assert change(instrument, "total", 7, 9).crossed_cutoff is False
    assert change(instrument, "total", 5, 6).crossed_cutoff is False
    assert change(instrument, "total", 9, 6).direction == "worse"


def test_a_figure_in_percent_is_a_share_of_the_earlier_score(make: Any, content: Any) -> None:
    instrument = make(with_figures(content, {"percent": 30}))
    assert change(instrument, "total", 10, 7).reliable is True
    assert change(instrument, "total", 10, 7.5).reliable is False
    assert change(instrument, "total", 0, 5).reliable is None


def test_an_unknown_scale_is_an_error(shipped: Any) -> None:
    with pytest.raises(KeyError):
        change(shipped.get("phq9"), "other", 1, 2)


def test_a_share_is_not_missed_by_a_rounded_third(make: Any, content: Any) -> None:
    instrument = make(with_figures(content, {"percent": 30}))
    assert change(instrument, "total", 6.666667, 4.666667).reliable is True
    assert change(instrument, "total", 6.666667, 4.67).reliable is False


def test_the_default_figure_decides_wherever_it_stands(make: Any, content: Any) -> None:
    instrument = make(with_figures(content, {"points": 2}, {"points": 5, "default": True, "source": "Later"}))
    found = change(instrument, "total", 12, 8)
    assert (found.reliable, found.source) == (False, "Later")
    assert change(instrument, "total", 12, 7).reliable is True


def test_figures_of_another_scale_or_kind_do_not_decide(make: Any, content: Any) -> None:
    content["scales"].append(content["scales"][0] | {"id": "other"})
    instrument = make(
        with_figures(content, {"points": 1, "scale": "other"}, {"points": 1, "kind": "important"})
    )
    found = change(instrument, "total", 12, 0)
    assert (found.reliable, found.crossed_cutoff, found.source) == (None, None, None)
    assert change(instrument, "other", 12, 0).reliable is True


@pytest.mark.parametrize("known", [{"points": 3}, {"kind": "cutoff", "points": 6}])
def test_recovery_is_not_known_where_one_of_its_parts_is_not(make: Any, content: Any, known: Any) -> None:
    instrument = make(with_figures(content, known))
    assert change(instrument, "total", 12, 0).recovered is None
    assert change(instrument, "total", 12, 11).recovered is None
