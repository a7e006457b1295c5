"""Scores from wide lead tables: simulated ones with a known truth, and a public one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bantam.errors import EvalError
from evals.calibrate import expit
from evals.fit_summary import lead_lines
from evals.lead_fit import LeadFit, LeadModel, fit_leads
from evals.lead_table import Kind, LeadTable, read_leads
from tests.paths import DATA


def a_table(rows: int = 1200, seed: int = 1, **changes: str) -> str:
    """A CSV of leads; `source` and `minutes` carry the truth, the rest is noise."""
    rng = np.random.default_rng(seed)
    lines = ["id,source,minutes,colour,nothing,won"]
    for i in range(rows):
        source = ("web", "fair", "friend")[rng.integers(0, 3)]
        minutes = float(rng.gamma(2, 10))
        logit = {"web": -1.5, "fair": 0.0, "friend": 1.5}[source] + 0.05 * (minutes - 20)
        won = int(rng.random() < expit(np.array(logit)))
        shown = "" if i % 11 == 0 else f"{minutes:.1f}"
        source = f"odd-{i}" if i % 100 == 0 else source
        lines.append(f"{i},{source},{shown},{('red', 'blue')[i % 2]},Select,{won}")
    return "\n".join(lines) + "\n"


def fitted(text: str, target: str = "won", **options) -> tuple[LeadFit, LeadTable]:
    table = read_leads(text, target)
    return fit_leads(table, target, columns=table.usable, rounds=200, **options), table


@pytest.fixture(scope="module")
def simple() -> tuple[LeadFit, LeadTable]:
    return fitted(a_table())


def test_columns_are_told_apart_and_what_cannot_carry_a_score_is_left_out(simple) -> None:
    _, table = simple
    kinds = {c.name: c.kind for c in table.columns}
    assert kinds == {
        "id": Kind.IDENTIFIER,
        "source": Kind.WORDS,
        "minutes": Kind.NUMBER,
        "colour": Kind.WORDS,
        "nothing": Kind.CONSTANT,
    }
    assert table.usable == ("source", "minutes", "colour")


def test_the_truth_is_found_with_rare_words_and_empty_cells_as_levels_of_their_own(simple) -> None:
    found, _ = simple
    effects = {c.name: {e.level: e.effect for e in c.effects} for c in found.model.columns}
    assert effects["source"]["friend"] - effects["source"]["web"] == pytest.approx(3.0, abs=0.6)
    assert set(effects["source"]) == {"web", "fair", "friend", "(rare)"}
    assert "(empty)" in effects["minutes"]
    assert found.model.columns[-1].name == "colour"
    assert found.auc.low > 0.75


def test_points_are_of_models_that_did_not_learn_from_the_row() -> None:
    """A column of pure noise with a level for every few rows earns nothing."""
    rng = np.random.default_rng(3)
    rows = [f"{rng.integers(0, 40)}x,{int(rng.random() < 0.4)}" for _ in range(1500)]
    found, _ = fitted("noise,won\n" + "\n".join(rows) + "\n")
    assert found.auc.low < 0.5 < found.auc.high
    assert found.brier.value > found.brier_of_base_rate - 0.005


def test_the_model_alone_gives_the_chance_of_any_row(simple) -> None:
    found, table = simple
    again = LeadModel.model_validate_json(found.model.model_dump_json())
    chances = [again.chance(row) for row in table.rows]
    assert roc_auc_score(table.won, chances) == pytest.approx(found.auc.value, abs=0.03)
    assert np.mean(chances) == pytest.approx(found.won / found.rows, abs=0.005)
    plain = again.chance({"source": "never seen", "minutes": "", "colour": "red"})
    rare = again.chance({"source": "odd-100", "colour": "red"})
    assert plain == rare


def test_effects_agree_with_scikit_learn_on_one_column() -> None:
    text = a_table(2000, 5)
    table = read_leads(text, "won")
    found = fit_leads(table, "won", columns=["colour"], rounds=100)
    red = np.array([[r["colour"] == "blue", r["colour"] == "red"] for r in table.rows], float)
    theirs = LogisticRegression(C=0.3).fit(red, table.won)
    ours = {e.level: e.effect for e in found.model.columns[0].effects}
    assert ours["red"] - ours["blue"] == pytest.approx(
        theirs.coef_[0, 1] - theirs.coef_[0, 0], abs=1e-4
    )
    assert found.model.chance({"colour": "red"}) == pytest.approx(
        theirs.predict_proba([[0, 1]])[0, 1], abs=1e-4
    )


def _leaky(column: str, values) -> str:
    lines = a_table(600).splitlines()
    out = [lines[0] + f",{column}"]
    for i, line in enumerate(lines[1:]):
        out.append(f"{line},{values(i, line.endswith(',1'))}")
    return "\n".join(out) + "\n"


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        pytest.param("Lead Quality", lambda i, _: i % 2, "'Quality'", id="name of a judgement"),
        pytest.param("last_activity", lambda i, _: i % 3, "'last activity'", id="latest event"),
        pytest.param("LastTouch Status", lambda i, _: i % 3, "'Status'", id="status"),
        pytest.param(
            "hint",
            lambda i, won: "sure" if won and i % 2 else "so-so",
            "nearly always won",
            id="level",
        ),
        pytest.param(
            "course",
            lambda i, won: f"c{i % 5}" if won else "",
            "nearly all rows with one",
            id="filled",
        ),
        pytest.param(
            "paid", lambda i, won: round(50.5 + i % 7 + 90 * won, 2), "AUC 1.00", id="number"
        ),
    ],
)
def test_a_column_that_knows_the_ending_is_named_and_left_out(column, values, why) -> None:
    found, table = fitted(_leaky(column, values))
    suspect = next(c for c in table.columns if c.name == column)
    assert why in " ".join(suspect.leaks)
    assert column not in {c.name for c in found.model.columns}
    assert found.auc_with_leaks is not None
    told = "\n".join(lead_lines(found, table))
    assert f"- {column}: " in told


def test_honest_columns_are_not_suspected(simple) -> None:
    assert not [c.name for c in simple[1].columns if c.leaks]
    assert simple[0].auc_with_leaks is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a,b\n1,2\n", "there is no column 'won'", id="no target"),
        pytest.param("a,a,won\n1,2,1\n", "two columns are called 'a'", id="a column twice"),
        pytest.param("a,won\n1,maybe\n", "no row can be used", id="no ending"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(text, expected) -> None:
    with pytest.raises(EvalError, match=expected):
        read_leads(text, "won")


def test_bad_rows_are_named_by_line() -> None:
    found = read_leads("a,won\nx,1\ny\nz,perhaps\nw,\nv,no\n", "won")
    assert [str(b) for b in found.bad_rows] == [
        "line 3: has another number of cells",
        "line 4, won: is neither yes nor no; write 1 or 0",
        "line 5, won: is empty",
    ]
    assert found.won == (True, False)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(EvalError, match="needs 200 rows and 50 of each ending"):
        fitted(a_table(199))


@pytest.mark.skipif(not (DATA / "x_education.leads.csv").exists(), reason="needs the shared data")
def test_x_education_reaches_086_without_the_leaking_columns_and_names_them() -> None:
    text = (DATA / "x_education.leads.csv").read_text(encoding="utf-8")
    found, table = fitted(text, "Converted")
    assert {c.name for c in table.columns if c.leaks} == {
        "Tags",
        "Lead Quality",
        "Lead Profile",
        "Last Activity",
        "Last Notable Activity",
        "Asymmetrique Activity Index",
        "Asymmetrique Profile Index",
        "Asymmetrique Activity Score",
        "Asymmetrique Profile Score",
    }
    assert found.auc.value >= 0.86
    assert found.auc_with_leaks > 0.97
