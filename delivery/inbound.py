"""What a text that somebody sent us means: stop, wrong number, start again, help, or anything else.

Any reasonable way to say stop counts (47 CFR 64.1200(a)(10)), in English and Spanish. A phrase needs an
object ("stop texting me"), so that "I can't stop crying" and "stop by at 5" are not taken for it. Words of
crisis never count as stop; where a text holds both, it stops, and the answer is the one that begins with 988.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from delivery import inbound_words as words

#: Twilio joins the parts of a text up to this many characters; the rest of a longer one is not read.
LONGEST: Final = 1600


class Wish(StrEnum):
    """What the sender wants of us."""

    STOP = "stop"
    WRONG_NUMBER = "wrong_number"
    START = "start"
    HELP = "help"
    OTHER = "other"


@dataclass(frozen=True)
class Meaning:
    """A wish, the language to answer in ("en", "es"), and whether somebody may be in danger."""

    wish: Wish
    language: str
    crisis: bool = False

    @property
    def stops(self) -> bool:
        """Whether nothing more may be sent there."""
        return self.wish in (Wish.STOP, Wish.WRONG_NUMBER)


def meaning(text: str) -> Meaning:
    """What a text means. Never raises, and takes the same short time however long the text is."""
    text = text[:LONGEST]
    sentences = _sentences(text)
    said = " ".join(sentences)
    crisis = bool(words.CRISIS.search(said))
    wish, language = _by_keyword(sentences) or _by_phrase(sentences) or (None, None)
    if wish is None:
        asks = bool(words.HELP.search(said)) or crisis
        wish = Wish.HELP if asks else Wish.OTHER
    return Meaning(wish, language or _language(text, said), crisis)


def _sentences(text: str) -> list[str]:
    """Sentences in lower case without accents, apostrophes, signs and emoji, words one space apart."""
    # Accents first: NFKD makes "á" a letter and a mark, and fancy letters plain ones.
    flat = unicodedata.normalize("NFKD", text).casefold()
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    flat = re.sub(r"['’‘ʼ`´]", "", flat)
    parts = re.split(r"[.!?;\n\r¡¿]+", flat)
    cleaned = (" ".join(re.findall(r"[a-z0-9]+", part)) for part in parts)
    return [part for part in cleaned if part]


def _by_keyword(sentences: list[str]) -> tuple[Wish, str] | None:
    """A keyword alone, with words of courtesy around it or said several times."""
    whole = _bare(" ".join(sentences))
    for wish, by_language in (
        (Wish.STOP, words.STOP | words.STOP_ALONE),
        (Wish.START, words.START),
        (Wish.HELP, words.HELP_ALONE),
    ):
        if whole and whole <= set(by_language):
            return wish, _one_language(whole, by_language)
    # "STOP. I don't know you": the keyword is a sentence of its own, at the start or at the end.
    for edge in (sentences[:1], sentences[-1:]):
        only = _bare(" ".join(edge))
        if only and only <= set(words.STOP):
            return Wish.STOP, _one_language(only, words.STOP)
    return None


def _bare(sentence: str) -> set[str]:
    """The words of a sentence without courtesy, "stoppp" as "stop", "s t o p" joined."""
    tokens = words.NEGATED.sub(" ", sentence).split()
    if len(tokens) > 2 and all(len(token) == 1 for token in tokens):
        tokens = ["".join(tokens)]
    plain = {re.sub(r"(.)\1{2,}", r"\1", token) for token in tokens}
    return plain - words.COURTESY


def _one_language(found: set[str], by_language: dict[str, str]) -> str:
    languages = {by_language[word] for word in found}
    return "es" if languages == {"es"} else "en"


def _by_phrase(sentences: list[str]) -> tuple[Wish, str] | None:
    for wish, patterns in (
        (Wish.WRONG_NUMBER, words.WRONG_NUMBER),
        (Wish.STOP, words.STOP_PHRASES),
        (Wish.START, words.START_PHRASES),
    ):
        for language, pattern in patterns.items():
            for sentence in sentences:
                if pattern.search(words.NEGATED.sub(" ", sentence)):
                    return wish, language
    return None


def _language(text: str, said: str) -> str:
    found = [words.LANGUAGE[token] for token in said.split() if token in words.LANGUAGE]
    spanish = found.count("es") + sum(character in "ñÑ¿¡" for character in text)
    return "es" if spanish > found.count("en") else "en"
