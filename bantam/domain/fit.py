"""Fit: who the buyer is, judged by what a score model wants. Facts from a CRM, never from words.

What is not known has no say: it neither raises nor lowers anything. Among known facts, one that
is as wanted never counts for less than one that is not.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

from pydantic import AwareDatetime, Field, model_validator

from bantam.domain.calls import Call
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.value import Value, digest

_WORD = re.compile(r"[^\W_]+")


class Fact(StrEnum):
    """What fit can look at."""

    TITLE = "title"
    EMPLOYEES = "employees"
    INDUSTRY = "industry"
    COUNTRY = "country"


class Rule(Value):
    """How much one fact counts."""

    weight: float = Field(default=1.0, ge=0, le=100)
    """Against the other facts, within the letter of the grade."""
    points: float = Field(default=0.0, ge=0, le=99)
    """Added to the score when the fact is as wanted."""
    points_off: float = Field(default=0.0, ge=0, le=99)
    """Taken off the score when it is known and not as wanted."""


class WordRule(Rule):
    """A fact in words. Capitals and punctuation do not matter."""

    wanted: tuple[str, ...] = ()
    """As wanted when one of these stands in it as whole words; empty: when none of `unwanted`."""
    unwanted: tuple[str, ...] = ()
    """Not as wanted when one of these stands in it, whatever else does."""

    @model_validator(mode="after")
    def _says_something(self) -> WordRule:
        if not self.wanted and not self.unwanted:
            raise ValueError("needs wanted or unwanted, a list of words or names")
        if not all(map(_words, (*self.wanted, *self.unwanted))):
            raise ValueError("wanted and unwanted must hold words")
        return self

    def accepts(self, known: str) -> bool:
        """Say whether a known text is as wanted."""
        if any(_stands_in(phrase, known) for phrase in self.unwanted):
            return False
        return not self.wanted or any(_stands_in(phrase, known) for phrase in self.wanted)


class CountryRule(WordRule):
    """A country, by its whole name or code: Guinea is not Equatorial Guinea."""

    def accepts(self, known: str) -> bool:
        """Say whether a known country is as wanted."""
        country = _words(known)
        if country in map(_words, self.unwanted):
            return False
        return not self.wanted or country in map(_words, self.wanted)


class RangeRule(Rule):
    """A number, ends included."""

    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_a_range(self) -> RangeRule:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least must not exceed at_most")
        return self

    def accepts(self, known: int) -> bool:
        """Say whether a known number lies in the range."""
        return (self.at_least or 0) <= known and (self.at_most is None or known <= self.at_most)


class FitModel(Value):
    """What a score model wants of buyers; a fact without a rule is not looked at."""

    weight: float = Field(default=0.25, ge=0, le=1)
    """In the letter of the grade, beside the weights of budget and authority; what is not known
    of the buyer takes its part away."""
    title: WordRule | None = None
    employees: RangeRule | None = None
    industry: WordRule | None = None
    country: CountryRule | None = None

    @model_validator(mode="after")
    def _looks_at_something(self) -> FitModel:
        rules = dict(self.rules())
        if not rules:
            raise ValueError(f"needs a rule for one of {', '.join(Fact)}")
        if not any(rule.weight for rule in rules.values()):
            raise ValueError("one rule needs a weight above 0")
        return self

    def rules(self) -> Iterator[tuple[Fact, WordRule | RangeRule]]:
        """Yield the facts that are looked at, with their rules."""
        for fact in Fact:
            rule = getattr(self, fact.value)
            if rule is not None:
                yield fact, rule


class KnownBuyer(Value):
    """What was found out about the buyer of a call."""

    who: str
    """Digest of the buyers' addresses: calls with the same buyers share the answer."""
    facts: Firmographics
    asked_at: AwareDatetime
    trouble: str = ""
    """Who could not be asked, and why; then some facts may be missing."""


class FitPart(Value):
    """One fact that a score model looks at."""

    fact: Fact
    known: str = ""
    """As it was told; empty when it is not known."""
    as_wanted: bool | None
    """None: not known."""
    weight: float
    points: float = 0.0
    """What it adds to the score, or takes off."""


class JudgedFit(Value):
    """How a buyer fits: part of a score."""

    parts: tuple[FitPart, ...]
    value: float | None = Field(default=None, ge=0, le=1)
    """Weighted share of the known facts that are as wanted; None when nothing is known."""
    known_share: float = Field(default=0.0, ge=0, le=1)
    """Weighted share of the facts that are known."""
    source: str = ""
    """Who told."""
    trouble: str = ""
    """Why facts are missing, where somebody could not be asked."""

    @property
    def points(self) -> float:
        """What all facts together add to the score, before it is kept within its bounds."""
        return math.fsum(part.points for part in self.parts)


NOBODY_ASKED = "nobody was asked about the buyer"


def judge(buyer: KnownBuyer | None, model: FitModel) -> JudgedFit:
    """Return how a buyer fits.

    Args:
        buyer: what was found out; None when nobody was asked.
        model: what is wanted.
    """
    facts = buyer.facts if buyer else Firmographics()
    parts = tuple(_part(fact, rule, getattr(facts, fact)) for fact, rule in model.rules())
    known = math.fsum(p.weight for p in parts if p.as_wanted is not None)
    wanted = math.fsum(p.weight for p in parts if p.as_wanted)
    every = math.fsum(p.weight for p in parts)
    return JudgedFit(
        parts=parts,
        value=min(1.0, wanted / known) if known else None,
        known_share=min(1.0, known / every),
        source=facts.source,
        trouble=buyer.trouble if buyer else NOBODY_ASKED,
    )


def fit_in_words(fit: JudgedFit) -> str:
    """Return one line for people: each fact, as known, and whether it is as wanted."""
    told = []
    for part in fit.parts:
        if part.as_wanted is None:
            told.append(f"{part.fact} unknown")
        else:
            verdict = "as wanted" if part.as_wanted else "not as wanted"
            told.append(f"{part.fact} {part.known} ({verdict})".replace("  ", " "))
    source = f", says {fit.source}" if fit.source and fit.value is not None else ""
    trouble = f"; {fit.trouble}" if fit.trouble else ""
    return f"{', '.join(told)}{source}{trouble}"


def without_facts(fit: JudgedFit) -> JudgedFit:
    """Return the verdict without what was told of a person."""
    silent = tuple(part.model_copy(update={"known": ""}) for part in fit.parts)
    return fit.model_copy(update={"parts": silent, "trouble": ""})


def buyers_digest(call: Call) -> str | None:
    """Return what stands for the buyers of a call; None when no address of one is known."""
    emails = buyer_emails(call)
    return digest(*sorted(emails)) if emails else None


def buyer_of_deal(buyers: Sequence[KnownBuyer]) -> KnownBuyer | None:
    """Return what is known of a deal's buyers together.

    Args:
        buyers: of its calls, the newest call first: its word counts.
    """
    if not buyers:
        return None
    newest, *older = buyers
    facts = newest.facts
    for buyer in older:
        facts = facts.filled_from(buyer.facts)
    return newest.model_copy(update={"facts": facts})


def _part(fact: Fact, rule: WordRule | RangeRule, known: str | int | None) -> FitPart:
    if known is None or known == "":
        return FitPart(fact=fact, as_wanted=None, weight=rule.weight)
    if isinstance(rule, RangeRule):
        as_wanted = rule.accepts(int(known))
    else:
        as_wanted = rule.accepts(str(known))
    return FitPart(
        fact=fact,
        known=str(known),
        as_wanted=as_wanted,
        weight=rule.weight,
        points=rule.points if as_wanted else -rule.points_off,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _stands_in(phrase: str, text: str) -> bool:
    wanted, words = _words(phrase), _words(text)
    places = range(len(words) - len(wanted) + 1)
    return any(words[i : i + len(wanted)] == wanted for i in places)
