"""Who sits on which side of the table: from metadata and rules, never from what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bantam.domain.calls import Participant, Side
from integrations.files.names import STRANGER, name_key

_DOMAIN = re.compile(r"@?[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
# As `name_key` writes them: without accents.
_SELLER_ROLES = frozenset({
    "account executive", "ae", "agent", "bdr", "rep", "sales", "sales rep",
    "sales representative", "sdr", "seller", "vendor", "vendedor", "vendedora", "vendeur",
    "vendeuse", "verkaufer", "verkauferin", "vertrieb",
})  # fmt: skip
_BUYER_ROLES = frozenset({
    "buyer", "client", "customer", "prospect", "cliente", "comprador", "compradora",
    "acheteur", "acheteuse", "interessent", "kaufer", "kauferin", "kunde", "kundin",
})  # fmt: skip


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
            names: names or e-mail addresses of sellers, or the company that stands in brackets
                after their names.
            options: each a domain ("acme.example") or a name ("Ana Ruiz").
        """
        given = [option.strip() for option in options if option.strip().lstrip("@")]
        given_domains = [g for g in given if _DOMAIN.fullmatch(g)]
        given_names = [g for g in given if not _DOMAIN.fullmatch(g)]
        return cls(
            tuple(d.strip().casefold().lstrip("@") for d in [*domains, *given_domains]),
            tuple(name_key(n) for n in [*names, *given_names]),
        )

    def is_seller(self, person: Participant) -> bool:
        """Return whether a rule names this person as a seller."""
        return self.by_domain(person) or self.by_name(person)

    def by_domain(self, person: Participant) -> bool:
        """Return whether a rule names the domain of this person's e-mail address."""
        return _within(domain_of(person.email), self.seller_domains)

    def by_name(self, person: Participant) -> bool:
        """Return whether a rule names this person: by name, address or what stands beside them."""
        called = {name_key(person.name), name_key(person.title or ""), name_key(person.email or "")}
        return not called.isdisjoint(n for n in self.seller_names if n)


def with_sides(people: Sequence[Participant], rules: SideRules) -> tuple[Participant, ...]:
    """Return the participants with the sides that are certain; the others stay unknown.

    1. A rule that names somebody as a seller; else the side that the source states; else a role
       that stands for a name ("Agent", "Customer").
    2. When a seller is known: who has an e-mail address on another domain is a buyer.
    3. When a rule named a seller by name and nobody else has an address or a side, the others are
       buyers: whoever says "the seller is Ana" about a conversation has said who the others are.
       Voices without a name stay unknown: they may be Ana's.
    """
    known = [p.model_copy(update={"side": _stated(p, rules)}) for p in people]
    sellers = [p for p in known if p.side is Side.SELLER]
    if not sellers:
        return tuple(known)
    domains = {domain_of(p.email) for p in sellers} - {""}
    others = [p for p in known if p.side is not Side.SELLER]
    named = any(rules.by_name(p) for p in sellers) and not any(
        p.email or p.side is Side.BUYER for p in others
    )
    return tuple(
        p.model_copy(update={"side": Side.BUYER})
        if p.side is Side.UNKNOWN and (_elsewhere(p, domains) or (named and _has_name(p)))
        else p
        for p in known
    )


def domain_of(email: str | None) -> str:
    """Return the domain of an e-mail address, lower case; empty when there is none."""
    return (email or "").rpartition("@")[2].strip().casefold() if "@" in (email or "") else ""


def side_of_role(role: str) -> Side:
    """Return the side of a word that stands for a name or in brackets after it."""
    key = name_key(role)
    sells, buys = key in _SELLER_ROLES, key in _BUYER_ROLES
    if sells == buys:
        return Side.UNKNOWN
    return Side.SELLER if sells else Side.BUYER


def _stated(person: Participant, rules: SideRules) -> Side:
    if rules.is_seller(person):
        return Side.SELLER
    return person.side if person.side is not Side.UNKNOWN else side_of_role(person.name)


def _elsewhere(person: Participant, seller_domains: set[str]) -> bool:
    domain = domain_of(person.email)
    return bool(domain and seller_domains) and not _within(domain, seller_domains)


def _within(domain: str, domains: Iterable[str]) -> bool:
    return bool(domain) and any(domain == d or domain.endswith(f".{d}") for d in domains)


def _has_name(person: Participant) -> bool:
    return not STRANGER.fullmatch(person.name)
