"""Sides and people: what is certain is said, and the rest stays unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.calls import Call, Participant, Side
from integrations.files.formats import read_document
from integrations.files.names import name_key, same_people
from integrations.files.origin import Origin
from integrations.files.sides import SideRules, with_sides


def person(
    own_id: str, name: str = "", email: str | None = None, side: str = "unknown"
) -> Participant:
    return Participant(id=own_id, name=name or own_id, email=email, side=Side(side))


ANA, BO, CY = "ana@s.example", "bo@b.example", "cy@gmail.com"


@pytest.mark.parametrize(
    ("rules", "people", "sides"),
    [
        pytest.param(SideRules(), [person("Ana", email=ANA), person("Bo", email=BO)], "u u", id="no rule, no guess"),
        pytest.param(SideRules.of(["s.example"]), [person("Ana", email=ANA), person("Bo", email=BO), person("Cy")], "s b u", id="by domain; without an address stays unknown"),
        pytest.param(SideRules.of(options=["@S.Example"]), [person("Ana", email=ANA), person("Bo", email=BO)], "s b", id="an option that is a domain"),
        pytest.param(SideRules.of(["example"]), [person("Ana", email=ANA), person("Bo", email=BO)], "s s", id="subdomains are covered"),
        pytest.param(SideRules.of(["x.example"]), [person("Ana", email="a@notx.example"), person("Bo", email=BO)], "u u", id="a longer name is another domain"),
        pytest.param(SideRules.of(options=["Ana Ruiz"]), [person("1", "ana  ruiz"), person("2", "Bo"), person("3", "Cy")], "s b b", id="by name: the others are buyers"),
        pytest.param(SideRules.of(options=["Ruiz, Ana"]), [person("1", "Ana Ruiz"), person("2", "Bo")], "s b", id="by name turned round"),
        pytest.param(SideRules.of(options=["Ana"]), [person("1", "Ana Ruiz"), person("2", "Bo")], "u u", id="half a name is none"),
        pytest.param(SideRules.of(options=["Ana"]), [person("1", "Ana")], "s", id="alone with the seller"),
        pytest.param(SideRules.of(options=["Ana"]), [person("1", "Ana"), person("2", "Unknown speaker 1"), person("3", "Bo")], "s u b", id="a voice without a name may be the seller's"),
        pytest.param(SideRules.of(options=["Ana"]), [person("1", "Ana"), person("2", "Bo", BO), person("3", "Cy")], "s u u", id="by name, but others have addresses"),
        pytest.param(SideRules.of(options=["Ana"]), [person("1", "Ana", ANA), person("2", "Bo", BO), person("3", "Cy")], "s b u", id="the seller's own address tells the others"),
        pytest.param(SideRules.of(options=["ana@s.example"]), [person("1", "Ana", ANA), person("2", "Bo", BO)], "s b", id="by address"),
        pytest.param(SideRules.of(["s.example"]), [person("Ana", email=ANA, side="buyer"), person("Bo", email=BO)], "s b", id="a rule is stronger than the source"),
        pytest.param(SideRules(), [person("Ana", email=ANA, side="seller"), person("Bo", email=BO), person("Cy")], "s b u", id="a side that the source states tells the others"),
        pytest.param(SideRules(), [person("Agent"), person("Customer"), person("Bo")], "s b u", id="roles for names"),
        pytest.param(SideRules(), [person("Verkäufer"), person("Kunde")], "s b", id="roles in German"),
        pytest.param(SideRules.of(options=["gmail.com"]), [person("Cy", email=CY), person("Di", email="di@gmail.com")], "s s", id="everybody on the seller's domain"),
    ],
)  # fmt: skip
def test_sides(rules: SideRules, people: list[Participant], sides: str) -> None:
    assert " ".join(p.side.value[0] for p in with_sides(people, rules)) == sides


@pytest.mark.parametrize(
    ("spellings", "people"),
    [
        pytest.param(["Maria Lopez", "maria lopez ", "MARIA  LOPEZ"], 1, id="case and spaces"),
        pytest.param(["Maria López", "Maria Lopez"], 1, id="accents"),
        pytest.param(["Maria Lopez", "Lopez, Maria"], 1, id="turned round"),
        pytest.param(["Maria Lopez", "Maria L.", "Maria L"], 1, id="shortened, one candidate"),
        pytest.param(["Maria L.", "Maria Lopez"], 1, id="shortened first"),
        pytest.param(["Maria Lopez", "Maria Lund", "Maria L."], 3, id="shortened, two candidates"),
        pytest.param(["Maria", "Maria Lopez"], 2, id="a first name alone is not certain"),
        pytest.param(["M. Lopez", "Maria Lopez"], 2, id="a first letter alone is not certain"),
        pytest.param(["Maria Lopez", "Mario Lopez"], 2, id="one letter apart"),
        pytest.param(["Speaker 1", "Speaker 2"], 2, id="numbers"),
    ],
)
def test_spellings_are_one_person_when_that_is_safe(spellings: list[str], people: int) -> None:
    assert len(set(same_people(spellings).values())) == people


def read(text: str, rules: SideRules) -> Call:
    (call,) = read_document(text.encode(), Origin(Path("c.txt")), rules)
    assert isinstance(call, Call)
    return call


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Ana Ruiz (Seller): a\nBo Lind (Buyer): b\n", [("Ana Ruiz", "seller"), ("Bo Lind", "buyer")], id="roles beside names"),
        pytest.param("Ana Ruiz (Acme): a\nana ruiz: b\nBo Lind: c\n", [("Ana Ruiz", "seller"), ("Bo Lind", "buyer")], id="a company beside the seller's name"),
        pytest.param("Ana Ruiz (Acme): a\nAna Ruiz (Beta): b\nAna Ruiz: c\n", [("Ana Ruiz (Acme)", "unknown"), ("Ana Ruiz (Beta)", "unknown"), ("Ana Ruiz", "unknown")], id="one name, two companies"),
        pytest.param("Ana <ana@acme.example>: a\nBo <bo@b.example>: b\n", [("Ana", "seller"), ("Bo", "buyer")], id="addresses beside names"),
        pytest.param("ana@acme.example: a\nbo@b.example: b\n", [("ana@acme.example", "seller"), ("bo@b.example", "buyer")], id="addresses for names"),
        pytest.param("Unknown <x@y.example>: a\nAna <ana@acme.example>: b\n", [("Ana", "seller"), ("Unknown speaker 1", "unknown")], id="an address beside nobody's name"),
        pytest.param("Ana Ruiz (Acme): a\nUnknown: b\nUnknown speaker: c\n", [("Ana Ruiz", "seller"), ("Unknown speaker 1", "unknown")], id="nobody's words are nobody's"),
    ],
)  # fmt: skip
def test_what_stands_beside_a_name_tells_the_side(
    text: str, expected: list[tuple[str, str]]
) -> None:
    call = read(text, SideRules.of(options=["Acme", "acme.example"]))
    assert [(p.name, p.side) for p in call.participants] == expected


@given(st.lists(st.text(max_size=12), max_size=8))
def test_every_spelling_stands_for_somebody_who_is_called_so(names: list[str]) -> None:
    found = same_people(names)
    assert found.keys() == set(names)
    for spelling, full in found.items():
        same = name_key(spelling) == name_key(full)
        assert same or name_key(full).startswith(name_key(spelling))
