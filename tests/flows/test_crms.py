"""CRMs from settings: which parts are built, and who is asked about the buyer."""

from __future__ import annotations

import pytest

from bantam.domain.calls import Call
from bantam.domain.crm_records import Firmographics
from bantam.domain.merge import Policy
from bantam.errors import SettingsError
from bantam.settings import load_settings
from flows import crms
from tests.factories import a_call
from tests.surroundings import surroundings


class Knows:
    """A `Fit` that says what it is told to, and counts how often it was asked."""

    def __init__(self, name: str, **facts: object) -> None:
        self.name = name
        self.asked = 0
        self._facts = Firmographics(source=name, **facts)

    def firmographics(self, call: Call) -> Firmographics:
        self.asked += 1
        return self._facts


def test_the_second_source_fills_gaps_and_is_not_asked_without_any() -> None:
    crm = Knows("hubspot", title="CFO", employees=50, industry="software")
    vendor = Knows("people_data_labs", title="boss", country="germany")
    found = crms.FilledFit(crm, vendor).firmographics(a_call())
    assert (found.title, found.country) == ("CFO", "germany")
    assert found.source == "hubspot and people_data_labs"
    full = Knows("hubspot", title="CFO", employees=50, industry="software", country="DE")
    crms.FilledFit(full, vendor).firmographics(a_call())
    assert vendor.asked == 1


def test_the_crm_alone_is_the_default_and_a_data_vendor_is_one_setting_away() -> None:
    env = {"BANTAM_HUBSPOT__TOKEN": "t", "BANTAM_PEOPLE_DATA_LABS__API_KEY": "k"}
    around = surroundings()
    assert crms.build_fit("hubspot", load_settings(env=env), around).name == "hubspot"
    env["BANTAM_CRM__ENRICHMENT"] = "people_data_labs"
    both = crms.build_fit("hubspot", load_settings(env=env), around)
    assert both.name == "hubspot and people_data_labs"


def test_policies_and_fields_of_people_come_from_settings() -> None:
    env = {
        "BANTAM_CRM__POLICIES": '{score = "confirm"}',
        "BANTAM_CRM__ALSO_WRITE": '{hs_next_step = {field = "next_question"}}',
    }
    slots = {slot.name: slot for slot in crms.slots_of(load_settings(env=env))}
    assert slots["score"].policy is Policy.CONFIRM
    assert slots["grade"].policy is Policy.OWN
    mine = slots["hs_next_step"]
    assert (mine.source, mine.policy) == ("next_question", Policy.WRITE_IF_EMPTY)


def test_an_unknown_crm_names_those_there_are() -> None:
    with pytest.raises(SettingsError, match="there are hubspot, salesforce, pipedrive, close"):
        crms.build_crm("sugar", load_settings(env={}), surroundings())
