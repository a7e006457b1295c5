"""`bantam crm`, `bantam connect` and `bantam deliver --dry-run` as a user meets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from apps.cli import exit_codes
from apps.cli.main import run
from bantam.domain.crm_fields import CRM_FIELDS
from bantam.domain.delivery import DeliveryState
from bantam.domain.notes import build_note, plan_deliveries
from bantam.ledger.limiter import SharedLimiter
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from bantam.ledger.tables import RequestBucketRow
from bantam.scoring import BANT, score
from flows import connecting, vendors
from integrations.http import Surroundings
from tests.crm_worlds import EMAIL
from tests.factories import SCORED_AT, a_call, an_extraction
from tests.faults import server_error
from tests.servers import Server, serve
from tests.standins.hubspot import SOURCE, TOKEN, HubSpot
from tests.standins.slack import Slack
from tests.surroundings import StillClock, surroundings

Ran = tuple[int, str, str]


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(HubSpot()) as serving:
        yield serving


@pytest.fixture
def bantam(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "BANTAM_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BANTAM_HUBSPOT__TOKEN", TOKEN)
    monkeypatch.setenv("BANTAM_HUBSPOT__BASE_URL", server.url)
    monkeypatch.setenv("BANTAM_HUBSPOT__SOURCE_ID", SOURCE)
    monkeypatch.setenv("BANTAM_DELIVERY__TARGETS", '["hubspot"]')
    monkeypatch.setattr(vendors, "surroundings", lambda *_: surroundings(StillClock()))

    def call(*arguments: str) -> Ran:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def owe_a_delivery(tmp_path: Path) -> None:
    """Put a scored call into the ledger that the commands will open."""
    call, extraction = a_call(), an_extraction()
    number = score(extraction, BANT, scored_at=SCORED_AT)
    note = build_note(call, extraction, number)
    owed = plan_deliveries(note, extraction, ["hubspot"], now=SCORED_AT)
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as ledger:
        ledger.record_many([Entry(number, call, extraction, owed)])


def test_setup_says_what_it_would_make_makes_it_and_then_has_nothing_to_do(
    bantam, server: Server
) -> None:
    code, out, err = bantam("crm", "setup", "hubspot", "--dry-run")
    assert code == exit_codes.OK
    assert "bant_score: would create" in out
    n = 1 + len(CRM_FIELDS) + 1  # the group, and what requests are known by
    assert f"hubspot: {n} would be made, 0 there, 0 for you" in err
    assert server.stand_in.writes == 0
    assert f"hubspot: {n} made, 0 there, 0 for you" in bantam("crm", "setup", "hubspot")[2]
    code, out, err = bantam("crm", "setup", "hubspot")
    assert f"hubspot: 0 made, {n} there, 0 for you" in err
    assert "bant_score: exists" in out


def test_setup_names_what_is_left_for_a_person(bantam, server: Server) -> None:
    server.stand_in.prepare()
    server.stand_in.known["bant_score"]["type"] = "string"
    code, out, err = bantam("crm", "setup", "hubspot")
    assert code == exit_codes.UNAVAILABLE
    assert "FIX bant_score: is a string, not a number" in out
    assert "1 for you" in err


def test_the_package_for_salesforce_is_written_to_a_folder(bantam, tmp_path: Path) -> None:
    code, _, err = bantam("crm", "setup", "salesforce", "--package", "for-admin")
    assert code == exit_codes.OK
    assert "README.md says how" in err
    assert (tmp_path / "for-admin/package.xml").exists()
    assert (tmp_path / "for-admin/permissionsets/Bantam.permissionset").exists()
    code, _, err = bantam("crm", "setup", "hubspot", "--package", "for-admin")
    assert (code, "hubspot needs none" in err) == (exit_codes.SETTINGS, True)


def test_connect_says_what_is_missing_and_doctor_says_it_too(bantam, server: Server) -> None:
    code, out, _ = bantam("connect", "hubspot")
    assert code == exit_codes.UNAVAILABLE
    assert out.splitlines()[:3] == ["ok  read deals", "ok  read contacts", "ok  write deals"]
    assert f"FIX fields: {len(CRM_FIELDS) + 1} missing" in out
    assert "run `bantam crm setup hubspot`" in out
    assert "FIX  hubspot: fields" in bantam("doctor")[1]
    server.stand_in.prepare()
    assert bantam("connect", "hubspot")[0] == exit_codes.OK


@pytest.mark.parametrize(
    ("vendor", "said"),
    [
        pytest.param("hubspott", "no such vendor: 'hubspott'; there are gong,", id="no such vendor"),
        pytest.param("close", "close.api_key: not set; set BANTAM_CLOSE__API_KEY, see docs/vendors/close.md", id="no key"),
        pytest.param("salesforce", "salesforce.client_secret: not set", id="no secret"),
        pytest.param("people_data_labs", "people_data_labs.api_key: not set", id="no data vendor key"),
        pytest.param("slack", "slack.token: not set", id="no token"),
        pytest.param("google", "google.client_id: not set", id="no google"),
    ],
)  # fmt: skip
def test_what_is_not_set_is_named_with_its_variable(bantam, vendor: str, said: str) -> None:
    code, _, err = bantam("connect", vendor)
    assert code == exit_codes.SETTINGS
    assert said in err


def test_slack_is_checked_by_asking_whose_token_it_is(
    bantam, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Slack()) as server:
        monkeypatch.setenv("BANTAM_SLACK__BASE_URL", f"{server.url}/api")
        monkeypatch.setenv("BANTAM_SLACK__TOKEN", "xoxb-1")
        assert bantam("connect", "slack") == (exit_codes.OK, "ok  log in\n", "")
        monkeypatch.setenv("BANTAM_SLACK__TOKEN", "xoxb-2")
        code, out, _ = bantam("connect", "slack")
        assert (code, "FIX log in" in out, "xoxb-2" in out) == (exit_codes.UNAVAILABLE, True, False)
        assert server.stand_in.messages == []


def test_a_dry_run_prints_each_field_and_sends_nothing(
    bantam, server: Server, tmp_path: Path
) -> None:
    server.stand_in.prepare()
    server.stand_in.add_deal("101", email=EMAIL)
    server.stand_in.edit("101", "band", "mine")
    owe_a_delivery(tmp_path)
    code, out, err = bantam("deliver", "--dry-run")
    lines = out.splitlines()
    assert code == exit_codes.OK
    assert lines[0].startswith("hubspot call c-1: deal 101: the one open deal of contact 501")
    assert "  write score: (empty) -> 47" in lines
    assert any(
        line.startswith("  keep  band: mine stays (changed by CRM_UI user 7") for line in lines
    )
    assert "1 owed; nothing was sent" in err
    assert server.stand_in.writes == 0
    assert EMAIL not in out


def test_a_call_without_one_deal_is_held_until_a_person_links_it(
    bantam, server: Server, tmp_path: Path
) -> None:
    server.stand_in.prepare()
    server.stand_in.add_deal("101", email=EMAIL)
    server.stand_in.add_deal("102", email=EMAIL)
    owe_a_delivery(tmp_path)
    assert "hubspot 1 held" in bantam("deliver")[2]
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=False) as ledger:
        (held,) = ledger.deliveries(states=[DeliveryState.HELD])
    assert "(101, 102)" in held.last_error
    assert "bantam crm link hubspot c-1 DEAL" in held.last_error
    code, _, err = bantam("crm", "link", "hubspot", "c-1", "102")
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=False) as ledger:
        assert list(ledger.deal_ids()) == ["102"]
    assert (code, "1 released" in err) == (exit_codes.OK, True)
    assert "hubspot 1 sent" in bantam("deliver")[2]
    assert server.stand_in.shown("102", "score") == "47"
    assert server.stand_in.shown("101", "score") == ""


def test_linking_to_another_deal_writes_a_note_there_too(
    bantam, server: Server, tmp_path: Path
) -> None:
    server.stand_in.prepare()
    server.stand_in.add_deal("101", email=EMAIL)
    server.stand_in.add_deal("102")
    owe_a_delivery(tmp_path)
    bantam("deliver")
    assert bantam("crm", "link", "hubspot", "c-1", "102")[0] == exit_codes.OK
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=False) as ledger:
        memory = ledger.recall("hubspot", "call:c-1")
    assert (memory.deal_id, memory.note_id) == ("102", "")


def test_closed_deals_are_read_into_the_ledger(bantam, server: Server, tmp_path: Path) -> None:
    won = {"hs_is_closed_won": "true", "amount": "1200"}
    server.stand_in.add_deal("1", closed=True, closedate="2026-03-05T12:00:00Z", **won)
    server.stand_in.add_deal("2", closed=True, closedate="2026-01-05T12:00:00Z")
    code, _, err = bantam("crm", "outcomes", "hubspot", "--since", "2026-03-01")
    assert (code, err) == (exit_codes.OK, "hubspot: 1 closed deals read\n")
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=False) as ledger:
        assert [(o.deal_id, o.won, o.amount) for o in ledger.outcomes()] == [("1", True, 1200.0)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("hubspot", "c-9", "1"), exit_codes.NOT_FOUND, id="no such call"),
        pytest.param(("embedded", "c-1", "1"), exit_codes.SETTINGS, id="no such CRM"),
    ],
)
def test_a_link_that_cannot_be_made_says_why(
    bantam, arguments: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    owe_a_delivery(tmp_path)
    assert bantam("crm", "link", *arguments)[0] == code


def test_every_vendor_that_can_be_set_can_be_checked() -> None:
    assert set(connecting.CHECKED) >= {"gong", "zoom", "hubspot", "close", "slack", "google"}


@pytest.mark.parametrize(
    "arguments", [("connect", "hubspot"), ("crm", "setup", "hubspot", "--dry-run")]
)
@pytest.mark.parametrize("there", [True, False], ids=["a ledger is there", "no ledger"])
def test_requests_count_with_those_of_all_workers_once_a_ledger_is_there(
    arguments: tuple[str, ...],
    there: bool,
    bantam: Callable[..., Ran],
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = StillClock()
    server.stand_in.prepare()

    def around(_: object, ledger: Ledger | None = None, worker: str = "") -> Surroundings:
        if ledger is None:
            return surroundings(clock)
        return surroundings(clock, limiter=SharedLimiter(ledger, worker, clock))

    monkeypatch.setattr(vendors, "surroundings", around)
    path = tmp_path / "bantam.db"
    if there:
        Ledger.open(f"sqlite:///{path}", create=True).close()
    code, _, _ = bantam(*arguments)
    assert code == exit_codes.OK
    assert path.exists() == there
    assert _counted(path) == ({"hubspot"} if there else set())


def _counted(path: Path) -> set[str]:
    """Vendors whose requests the ledger counted."""
    if not path.exists():
        return set()
    opened = Ledger.open(f"sqlite:///{path}", create=False)
    with opened as ledger, ledger._database.read() as connection:
        return set(connection.execute(select(RequestBucketRow.vendor)).scalars())


def test_a_forgotten_call_leaves_nothing_in_a_crm_that_was_down(
    bantam, server: Server, tmp_path: Path
) -> None:
    server.stand_in.prepare()
    server.stand_in.add_deal("101", email=EMAIL)
    owe_a_delivery(tmp_path)
    bantam("deliver")
    assert len(server.stand_in.notes_on("101")) == 1
    server.faults.next(server_error(503), times=4)
    code, _, err = bantam("forget", "c-1", "--yes")
    assert code == exit_codes.SOME_FAILED
    assert "0 taken back" in err
    assert "left: hubspot:" in err
    assert "owed, tried again from" in err
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=False) as ledger:
        (owed,) = ledger.deliveries(states=[DeliveryState.PENDING])
        ledger.release(owed.key, now=SCORED_AT, actor="somebody")
    assert "1 due: 1 sent" in bantam("deliver")[2]
    assert server.stand_in.notes_on("101") == []
    assert not any(server.stand_in.shown("101", f.name) for f in CRM_FIELDS)
    code, _, err = bantam("forget", "c-1", "--yes")
    assert (code, "1 taken back" in err) == (exit_codes.OK, True)
