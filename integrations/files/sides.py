"""Who sits on which side of the table: from metadata and rules, never from what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bantam.domain.calls import Participant, Side

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SideRules:
    """How to tell sellers apart. Domains also cover their subdomains; names ignore case."""

    seller_domains: tuple[str, ...] = ()
    seller_names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, domains: Iterable[str] = (), names: Iterable[str] = (), options: Iterable[str] = ()
    ) -> SideRules:
        """Return rules from settings and `--seller` options.

        Args:
            domains: e-mail domains of the seller.
            names: names of sellers.
            options: each a domain ("acme.example") or a name ("Ana Ruiz").
        """
        given = [option.strip().lstrip("@") for option in options]
        given_domains = [g for g in given if _DOMAIN.fullmatch(g)]
        given_names = [g for g in given if not _DOMAIN.fullmatch(g)]
        return cls(
            tuple(d.casefold().lstrip("@") for d in [*domains, *given_domains]),
            tuple(_folded(n) for n in [*names, *given_names]),
        )

    def is_seller(self, person: Participant) -> bool:
        """Return whether a rule names this person as a seller."""
        domain = domain_of(person.email)
        by_domain = any(domain == d or domain.endswith(f".{d}") for d in self.seller_domains)
        return bool(domain and by_domain) or _folded(person.name) in self.seller_names


def with_sides(people: Sequence[Participant], rules: SideRules) -> tuple[Participant, ...]:
    """Return the participants with the sides that are certain; the others stay unknown.

    A side that the source states wins, unless a rule names the person as a seller. When a seller
    is known, people on another e-mail domain are buyers. When a rule named a seller and nobody
    else has an e-mail address or a stated side, the others are buyers too: whoever says
    "the seller is Ana" about a conversation has said who the others are.
    """
    ruled = [
        p.model_copy(update={"side": Side.SELLER}) if rules.is_seller(p) else p for p in people
    ]
    sellers = [p for p in ruled if p.side is Side.SELLER]
    if not sellers:
        return tuple(ruled)
    domains = {domain_of(p.email) for p in sellers} - {""}
    by_rule = any(rules.is_seller(p) for p in sellers)
    nothing_else_known = all(
        p.side is not Side.BUYER and not p.email for p in ruled if p.side is not Side.SELLER
    )
    return tuple(
        p.model_copy(update={"side": Side.BUYER})
        if p.side is Side.UNKNOWN and (_elsewhere(p, domains) or (by_rule and nothing_else_known))
        else p
        for p in ruled
    )


def domain_of(email: str | None) -> str:
    """Return the domain of an e-mail address, lower case; empty when there is none."""
    return (email or "").rpartition("@")[2].strip().casefold() if "@" in (email or "") else ""


def _elsewhere(person: Participant, seller_domains: set[str]) -> bool:
    domain = domain_of(person.email)
    return bool(domain and seller_domains) and not any(
        domain == d or domain.endswith(f".{d}") for d in seller_domains
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
