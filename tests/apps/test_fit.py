from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from apps.cli import exit_codes
from apps.cli.main import run
from bantam.domain.activity import Activity
from bantam.domain.bant import Criterion
from bantam.domain.calls import CallId, DealId
from bantam.domain.deals import Outcome
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from bantam.scoring import BANT, score
from bantam.settings import load_settings
from tests.factories import a_call, an_extraction

START = datetime(2025, 3, 3, 15, tzinfo=UTC)
DEALS = 240


@pytest.fixture
def ledger(tmp_path, monkeypatch) -> Ledger:
    """Deals that are won when a decider was on the call, whatever else was said."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    outcomes, entries = [], []
    for i in range(DEALS):
        levels = {c: int(rng.integers(0, 5)) for c in Criterion}
        at = START + timedelta(hours=12 * i)
        deal = DealId(f"D-{i}")
        call = a_call(id=CallId(f"c-{i}"), deal_id=deal, started_at=at)
        extraction = an_extraction(levels, call_id=call.id)
        won = rng.random() < 0.1 + 0.2 * levels[Criterion.AUTHORITY]
        entries.append(Entry(score(extraction, BANT, scored_at=at), call, extraction))
        outcomes.append(Outcome(deal_id=deal, won=bool(won), closed_at=at + timedelta(days=30)))
    with Ledger.open("sqlite:///bantam.db", create=True) as found:
        found.record_many(entries)
        found.record_outcomes(outcomes, list[Activity]())
        yield found


def test_a_fit_is_shown_and_nothing_is_written(ledger, capsys) -> None:
    assert run(["fit"]) == exit_codes.OK
    out = capsys.readouterr().out
    assert out.startswith(f"- {DEALS} closed deals, ")
    assert "| authority 4 or" not in out
    assert not Path("bantam.toml").exists()


def test_a_written_model_keeps_the_file_and_is_what_the_normal_path_uses(ledger, capsys) -> None:
    before = (
        '# ours\n[scoring]\nmodel = "anum"  # for now\n\n[sides]\nseller_domains = ["a.example"]\n'
    )
    Path("bantam.toml").write_text(before)
    assert run(["fit", "--write", "--name", "q3"]) == exit_codes.OK
    text = Path("bantam.toml").read_text()
    assert "# ours" in text
    assert 'model = "anum"  # for now' in text
    assert "closed deals" in text
    settings = load_settings()
    assert settings.score_model().name == "anum"
    learned = settings.score_model("q3")
    assert learned.weights[Criterion.AUTHORITY] > 0.4
    assert learned.calibration.deals > 100
    assert "bantam evals replay --score-model q3" in capsys.readouterr().err

    assert run(["fit", "--write", "--use", "--name", "q3"]) == exit_codes.OK
    assert load_settings().score_model().name == "q3"
    assert run(["rescore"]) == exit_codes.OK
    assert ledger.latest_result(CallId("c-1")).score.model == "q3"
    assert ledger.latest_result(CallId("c-1")).score.p_win is not None


def test_writing_twice_replaces_the_model(ledger) -> None:
    assert run(["fit", "--write"]) == exit_codes.OK
    first = tomllib.loads(Path("bantam.toml").read_text())
    assert run(["fit", "--write"]) == exit_codes.OK
    assert tomllib.loads(Path("bantam.toml").read_text()) == first


def test_every_figure_can_be_had_as_json(ledger) -> None:
    assert run(["fit", "--json", "out/fit.json"]) == exit_codes.OK
    data = json.loads(Path("out/fit.json").read_text())
    assert data["deals"] == DEALS


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(["--use"], "--use goes with --write", id="use without write"),
        pytest.param(["--table", "leads.csv"], "--table goes with --target", id="no target"),
        pytest.param(["--as-of", "2025-03-20"], "needs 50 closed deals", id="too few by then"),
        pytest.param(["--isotonic"], "--isotonic: needs 1000", id="isotonic"),
        pytest.param(["--by-segment"], "--by-segment: needs 500", id="segments"),
        pytest.param(["--name", "a b"], "name", id="a name that is no key"),
        pytest.param(
            ["--table", "leads.csv", "--target", "won", "--keep", "x"], "no column 'x'", id="keep"
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(ledger, capsys, options, expected) -> None:
    Path("leads.csv").write_text("a,won\n1,1\n2,0\n")
    assert run(["fit", *options]) == exit_codes.USAGE
    assert expected in capsys.readouterr().err


def test_without_outcomes_the_way_to_get_them_is_told(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["fit"]) == exit_codes.USAGE
    assert "bantam outcomes sync" in capsys.readouterr().err


def test_points_of_leads_are_written_beside_their_ids(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    lines = ["lead,source,Tags,won"]
    for i in range(400):
        source = rng.integers(0, 2)
        won = int(rng.random() < 0.2 + 0.5 * source)
        lines.append(f"L-{i},{('web', 'fair')[source]},{('no', 'yes')[won]},{won}")
    Path("leads.csv").write_text("\n".join([*lines, "L-400,web"]) + "\n")
    args = [
        "fit",
        "--table",
        "leads.csv",
        "--target",
        "won",
        "--points",
        "p.csv",
        "--json",
        "m.json",
    ]
    assert run(args) == exit_codes.SOME_FAILED
    told = capsys.readouterr()
    assert "line 402: has another number of cells" in told.err
    assert "- Tags: its name says" in told.out
    rows = Path("p.csv").read_text().splitlines()
    assert rows[0] == "lead,points,won"
    assert len(rows) == 401
    assert json.loads(Path("m.json").read_text())["model"]["target"] == "won"
