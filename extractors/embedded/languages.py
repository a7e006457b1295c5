"""Which calls the embedded reader can read: its rules and its text know four languages."""

from __future__ import annotations

from collections.abc import Iterable

from extractors.number_words import LANGUAGES

ADVICE = (
    "the embedded extractor reads English, German, French and Spanish; read the call with a"
    " language model (--extractor model)"
)


def unsupported(language: str, texts: Iterable[str]) -> str | None:
    """Return why a call cannot be read, or None when it can.

    Args:
        language: BCP 47 tag; recorders and files without one say "en", so the script is looked
            at too.
        texts: what the people said who are to be read.
    """
    primary = language.replace("_", "-").partition("-")[0].lower()
    if primary not in {*LANGUAGES, "", "und", "mul"}:
        return f"the call is in {primary!r}; {ADVICE}"
    latin = other = 0
    for text in texts:
        for letter in filter(str.isalpha, text):
            if _is_latin(letter):
                latin += 1
            else:
                other += 1
    return f"most of it is not in Latin script; {ADVICE}" if other > latin else None


def _is_latin(letter: str) -> bool:
    return letter < "\u0250" or "\u1e00" <= letter <= "\u1eff"
