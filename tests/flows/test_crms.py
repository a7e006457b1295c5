"""CRMs from settings: which parts are built, and who is asked about buyers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bantam.domain.merge import Policy
from bantam.errors import SettingsError
from bantam.ledger.store import Ledger
from bantam.settings import load_settings
from flows import crms, wiring
from tests.surroundings import surroundings


def test_the_first_crm_of_the_targets_is_asked_and_a_data_vendor_is_one_setting_away() -> None:
    env = {"BANTAM_HUBSPOT__TOKEN": "t", "BANTAM_PEOPLE_DATA_LABS__API_KEY": "k"}

    def asked() -> list[str]:
        return [s.name for s in crms.fit_sources(load_settings(env=env), surroundings())]

    assert asked() == []
    env["BANTAM_DELIVERY__TARGETS"] = '["slack", "hubspot", "close"]'
    assert asked() == ["hubspot"]
    env["BANTAM_CRM__ENRICHMENT"] = "people_data_labs"
    assert asked() == ["hubspot", "people_data_labs"]
    env["BANTAM_DELIVERY__TARGETS"] = '["slack"]'
    assert asked() == ["people_data_labs"]


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


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"BANTAM_HUBSPOT__AE__SCORE": "bant_score"}, id="our own field"),
        pytest.param(
            {
                "BANTAM_HUBSPOT__AE__SCORE": "lead_score",
                "BANTAM_CRM__ALSO_WRITE": '{lead_score = {field = "score"}}',
            },
            id="a field that we also write",
        ),
    ],
)
def test_what_bantam_writes_is_no_word_of_an_ae(env: dict[str, str]) -> None:
    settings = load_settings(env={"BANTAM_HUBSPOT__TOKEN": "t", **env})
    with pytest.raises(SettingsError, match=r"hubspot\.ae\.score: Bantam itself writes"):
        crms.build_crm("hubspot", settings, surroundings())


@pytest.mark.parametrize(
    ("env", "watched"),
    [
        pytest.param({}, {}, id="nobody may send"),
        pytest.param(
            {"BANTAM_WEBHOOKS__HUBSPOT_SECRET": "s"}, {}, id="a sender that we cannot ask"
        ),
        pytest.param(
            {"BANTAM_WEBHOOKS__HUBSPOT_SECRET": "s", "BANTAM_HUBSPOT__TOKEN": "t"},
            {"hubspot": False},
            id="asked, not written to",
        ),
        pytest.param(
            {
                "BANTAM_WEBHOOKS__CLOSE_SECRET": "00ff",
                "BANTAM_CLOSE__API_KEY": "k",
                "BANTAM_DELIVERY__TARGETS": '["close"]',
            },
            {"close": True},
            id="asked and written to",
        ),
    ],
)
def test_who_is_watched_comes_from_settings(
    env: dict[str, str], watched: dict[str, bool], tmp_path: Path
) -> None:
    settings = load_settings(env=env)
    with Ledger.open(f"sqlite:///{tmp_path / 'b.db'}", create=True) as ledger:
        gateways = wiring.build_gateways(settings, ledger)
        found = crms.watched(settings, gateways, surroundings())
    assert {name: w.edits is not None for name, w in found.items()} == watched
