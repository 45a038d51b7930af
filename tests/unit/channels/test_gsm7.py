from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.gsm7 import foreign, one_segment, segments, septets, to_gsm7

# Every character of the two tables, written down here once more from 3GPP TS 23.038.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


def test_the_tables_are_whole() -> None:
    assert len(set(BASIC)) == 127  # 128 places, one of them the escape
    assert foreign(BASIC + EXTENSION) == set()
    assert septets(BASIC) == 127
    assert septets(EXTENSION) == 20


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        # 153 places are not a whole number of pairs: one place stays empty in each part.
        ("€" * 76 * 2, 2),
        ("€" * 76 * 2 + "€", 3),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("á" * 134, 2),
        ("á" * 135, 3),
        ("\U0001f499" * 35, 1),
        ("\U0001f499" * 36, 2),
        ("\U0001f499" * 66, 2),
        ("\U0001f499" * 67, 3),
        ("formulario más", 1),
        ("a" * 150 + " más", 3),
    ],
)
def test_parts_are_counted_as_phone_companies_count_them(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_foreign_names_the_characters_to_avoid() -> None:
    assert foreign("él llenó más; ¿sí o no? Año ü") == {"ó", "á", "í"}
    assert foreign("€ [x] ñ") == set()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("más allí, no según", "mas alli, no segun"),
        ("Ángel Íñigo Óscar Úrsula Ñandú", "Angel Iñigo Oscar Ursula Ñandu"),
        ("niño, é, ¿qué?", "niño, é, ¿qué?"),
        ("nin\u0303o e\u0301 a\u0301", "niño é a"),
        ("n\u200b\u0303", "ñ"),
        ("“Łódź” – it’s…", '"Lodz" - it\'s...'),
        ("Æsir œuvre Þór ıŞ ç", "Æsir oeuvre Thor iS c"),
        ("ﬁne Ａzul", "fine Azul"),
        ("a\r\nb\tc\u2028d\u00a0e\x85f", "a b c d e f"),
        ("  a   b  ", "a b"),
        ("\u202ea\u2066b\u200dc\ufeff\x00\x07d", "abcd"),
        ("Azul \U0001f499\ufe0f", "Azul"),
        ("日本", "??"),
        ("https：／／evil。example", "https???evil?example"),
        ("℀ ⒈ ½", "? ?"),
        ("\ud800x", "x"),
        ("https://forms.example.org/q/aB_-9.~", "https://forms.example.org/q/aB_-9.~"),
    ],
)
def test_a_text_is_written_in_gsm7(text: str, written: str) -> None:
    assert to_gsm7(text) == written


@given(st.text(max_size=200))
def test_whatever_comes_in_is_one_clean_line_of_gsm7(text: str) -> None:
    written = to_gsm7(text)
    assert foreign(written) == set()
    assert not any(category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in written)
    assert written == " ".join(written.split())
    assert to_gsm7(written) == written


@given(st.text(alphabet=BASIC.replace("\n", "").replace("\r", "") + EXTENSION[1:] + "á…", max_size=200))
def test_one_segment_is_one_or_an_error(text: str) -> None:
    try:
        written = one_segment(text)
    except ValueError:
        assert to_gsm7(text) == "" or segments(to_gsm7(text)) > 1
    else:
        assert segments(written) == 1
        assert written == to_gsm7(text)


def test_extension_characters_take_two_of_the_160_places() -> None:
    assert one_segment("€" * 80) == "€" * 80
    with pytest.raises(ValueError, match="161"):
        one_segment("€" * 80 + "a")


@pytest.mark.parametrize("text", ["", " \r\n", "\u200b\U0001f499"])
def test_a_text_of_which_nothing_is_left_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        one_segment(text)
