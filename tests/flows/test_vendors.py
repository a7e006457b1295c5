from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from bantam.domain.bant import Criterion
from bantam.domain.calls import Side
from bantam.domain.delivery import DeliveryState
from bantam.domain.limits import RequestLimit
from bantam.errors import SettingsError, VendorBusyError
from bantam.ledger.limiter import SharedLimiter
from bantam.ledger.store import Ledger
from bantam.scoring import BANT
from bantam.settings import Settings, Target, load_settings
from bantam.settings_section import Section
from flows import vendors, wiring
from flows.deliver import deliver
from flows.score_calls import Pipeline, score_calls
from tests.fakes import ScriptedExtractor
from tests.faults import HALF_DONE, PASSING, TWICE, Fault
from tests.paths import REPO
from tests.servers import serve
from tests.source_cases import WINDOW
from tests.standins import fathom, fireflies, gong, slack, zoom
from tests.surroundings import StillClock, surroundings


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


NEEDS = {
    "gong": {"access_key": gong.KEY, "access_key_secret": gong.SECRET},
    "fireflies": {"api_key": fireflies.KEY},
    "zoom": {
        "account_id": zoom.APP.account_id,
        "client_id": zoom.APP.client_id,
        "client_secret": zoom.APP.client_secret,
        "hosts": ["ana@seller.example"],
    },
    "fathom": {"api_key": fathom.KEY},
}
STAND_INS = {
    "gong": gong.Gong,
    "fireflies": fireflies.Fireflies,
    "zoom": zoom.Zoom,
    "fathom": fathom.Fathom,
}


@pytest.mark.parametrize("name", NEEDS)
def test_settings_alone_make_a_source_that_reads(name: str) -> None:
    with serve(STAND_INS[name]()) as server:
        section = {**NEEDS[name], "base_url": server.base_url}
        if name == "zoom":
            section["auth_url"] = server.url
        mine = settings(**{name: section}, sides={"seller_domains": ["seller.example"]})
        source = vendors.build_source(name, mine, surroundings())
        calls = [source.fetch(call_id) for call_id in source.call_ids(WINDOW)]
    (call,) = calls
    sides = {p.name: p.side for p in call.participants}
    assert sides.pop("Bo") is Side.BUYER
    assert Side.SELLER in sides.values()
    assert source.overlap


@pytest.mark.parametrize(
    ("name", "missing"),
    [(name, key) for name, needs in NEEDS.items() for key in needs],
)
def test_a_missing_setting_is_named_with_its_variable_and_page(name: str, missing: str) -> None:
    section = {k: v for k, v in NEEDS[name].items() if k != missing}
    with pytest.raises(SettingsError, match=rf"^{name}\.{missing}: not set; ") as caught:
        wiring.build_source(settings(**{name: section}), name, None)
    assert (
        missing == "hosts" or f"set BANTAM_{name}__{missing}".upper() in str(caught.value).upper()
    )


def test_an_unknown_source_is_told_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="there are gong, fireflies, zoom, fathom"):
        wiring.build_source(settings(), "gnog", None)


def test_one_workers_later_stops_the_sources_of_another(tmp_path: Path) -> None:
    with (
        serve(gong.Gong()) as recorder,
        Ledger.open(f"sqlite:///{tmp_path}/b.db", create=True) as ledger,
    ):
        mine = settings(
            gong={**NEEDS["gong"], "base_url": recorder.base_url}, serve={"sources": ["gong"]}
        )
        around = vendors.surroundings(wiring.utc_now, ledger, "one")
        source = vendors.build_sources(mine, around)["gong"]
        limit = RequestLimit(vendor="gong", per_second=3, burst=3)
        another = SharedLimiter(ledger, "another", wiring.utc_now)
        another.pause(limit, wiring.utc_now() + timedelta(hours=1))
        with pytest.raises(VendorBusyError, match="our own limit"):
            list(source.call_ids(WINDOW))
        assert not recorder.stand_in.received


@pytest.mark.parametrize("section", [{}, {"token": "xoxb-1"}])
def test_slack_needs_a_token_and_a_channel(section: dict[str, str], tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/b.db", create=True) as ledger:
        mine = settings(slack=section, delivery={"targets": ["slack"]})
        with pytest.raises(SettingsError, match=r"^slack\.(token|channel): not set"):
            wiring.build_gateways(mine, ledger)


@pytest.mark.parametrize("section", [{}, {"client_id": "x"}, {"service_account_json": "{}"}])
def test_google_needs_an_account_or_a_consent(section: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^google\."):
        vendors.google_clients(settings(google=section), surroundings())


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in PASSING + HALF_DONE])
def test_from_gong_to_slack_through_a_fault_at_every_request(fault: Fault, tmp_path: Path) -> None:
    with serve(gong.Gong()) as recorder, serve(slack.Slack()) as chat:
        mine = settings(
            gong={**NEEDS["gong"], "base_url": recorder.base_url},
            slack={"token": slack.TOKEN, "channel": "C1", "base_url": chat.base_url},
        )
        for server, steps in ((recorder, 3), (chat, 1)):
            for step in range(steps):
                chat.stand_in.channels["C1"].clear()
                server.faults.at(step, fault)
                ran(mine, fault, tmp_path / f"{server is chat}-{step}.db")
                posted = chat.stand_in.channels["C1"]
                # A proxy that repeats a post is the one thing that nobody can undo.
                assert len(posted) == (2 if server is chat and fault is TWICE else 1)
                assert "BANT 100 (hot): Acme discovery, reached 75" in posted[0]["text"]
                assert not server.faults.unused


def ran(mine: Settings, fault: Fault, path: Path) -> None:
    """Read the window, score, and deliver until nothing is owed."""
    clock = StillClock()
    around = surroundings(clock, fault=fault)
    with Ledger.open(f"sqlite:///{path}", create=True) as ledger:
        source = vendors.build_source("gong", mine, around)
        every = dict.fromkeys(Criterion, 4)
        (call,) = [source.fetch(call_id) for call_id in source.call_ids(WINDOW)]
        parts = Pipeline(
            ledger=ledger,
            extractor=ScriptedExtractor({call.id: every}),
            score_model=BANT.model_copy(update={"missing": 1.0}),
            targets=("slack",),
            clock=clock,
            concurrency=1,
        )
        score_calls([call], parts)
        gateway = vendors.slack_gateway(mine.slack, ledger, around)
        for _ in range(3):
            deliver(ledger, {"slack": gateway}, clock=clock)
            clock.sleep(3600)
        (delivery,) = ledger.deliveries(target="slack")
        assert delivery.state is DeliveryState.SENT


_VENDORS = {
    "gong", "fireflies", "zoom", "fathom", "slack", "google",
    "crm", "hubspot", "salesforce", "pipedrive", "close", "people_data_labs",
}  # fmt: skip


def sections() -> list[tuple[str, type[Section]]]:
    return [
        (name, field.annotation)
        for name, field in Settings.model_fields.items()
        if name in _VENDORS and isinstance(field.annotation, type)
    ]


@pytest.mark.parametrize(("name", "section"), sections())
def test_every_vendor_setting_is_in_the_example_and_can_be_set_there(
    name: str, section: type[Section]
) -> None:
    lines = (REPO / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(
        line.removeprefix("# ").split("=", 1)
        for line in lines
        if line.startswith("# BANTAM_") and "=" in line
    )
    wanted = {f"BANTAM_{name}__{key}".upper() for key in section.model_fields}
    assert wanted <= set(given)
    env = {k: given[k].strip("'") or "x" for k in wanted}
    assert load_settings(env=env).model_dump()[name]


def test_vendor_secrets_do_not_print() -> None:
    env = {
        "BANTAM_GONG__ACCESS_KEY_SECRET": "hush-1",
        "BANTAM_SLACK__TOKEN": "hush-2",
        "BANTAM_GOOGLE__SERVICE_ACCOUNT_JSON": '{"private_key": "hush-3"}',
        "BANTAM_ZOOM__CLIENT_SECRET": "hush-4",
        "BANTAM_HUBSPOT__TOKEN": "hush-5",
        "BANTAM_SALESFORCE__CLIENT_SECRET": "hush-6",
        "BANTAM_SALESFORCE__PRIVATE_KEY": "hush-7",
        "BANTAM_PIPEDRIVE__TOKEN": "hush-8",
        "BANTAM_CLOSE__API_KEY": "hush-9",
        "BANTAM_PEOPLE_DATA_LABS__API_KEY": "hush-10",
    }
    assert "hush" not in repr(load_settings(env=env))


@pytest.mark.parametrize("name", ["gong", "fireflies", "zoom", "fathom", "slack", "google"])
def test_every_vendor_has_a_page_that_names_its_settings(name: str) -> None:
    page = (REPO / "docs" / "vendors" / f"{name}.md").read_text(encoding="utf-8")
    assert f"BANTAM_{name}__".upper() in page


def test_every_target_of_the_settings_can_be_built(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/l.db", create=True) as ledger:
        for target in get_args(Target):
            mine = Settings.model_validate({"delivery": {"targets": [target]}})
            try:
                named = set(wiring.build_gateways(mine, ledger))
            except SettingsError as missing:
                named = {str(missing).partition(".")[0]}  # the place that still has to be filled
            assert named == {target}
