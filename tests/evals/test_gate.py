from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.bant import NOT_DISCUSSED, Criterion, ExtractionOutcome
from bantam.errors import EvalError
from bantam.scoring import BANT
from evals.compare import Verdict, compare, holm
from evals.gate import gate, stability_index
from evals.runs import accept_baseline, read_baseline
from evals.stability import stability
from tests.eval_runs import a_call_run, a_run, an_item, simulated_run

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_the_same_answers_pass() -> None:
    run = simulated_run(1, calls=20)
    found = gate(run, run)
    assert found.verdict is Verdict.PASS
    assert found.comparison.changes == ()
    assert found.warnings == ()


def test_an_identical_candidate_is_rarely_blocked_and_a_five_point_drop_always() -> None:
    """The full simulation is benchmarks/evals_coverage.py; this is a small one of it."""
    same = [gate(simulated_run(2 * s + 1), simulated_run(2 * s)).verdict for s in range(8)]
    worse = [
        gate(simulated_run(2 * s + 1, drop=0.05), simulated_run(2 * s)).verdict for s in range(8)
    ]
    assert Verdict.BLOCK not in same
    assert worse == [Verdict.BLOCK] * 8


def test_too_few_items_are_inconclusive_with_the_number_it_takes() -> None:
    before = a_run(*[an_item(f"c-{i}/budget", 3, 3) for i in range(20)])
    after = a_run(*[an_item(f"c-{i}/budget", 3, 2 if i == 0 else 3) for i in range(20)])
    found = gate(after, before)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert 100 < found.needed < 1000
    assert str(found.needed) in found.reasons[0]


@pytest.mark.parametrize(
    ("now", "asked", "verdict"),
    [
        pytest.param("new", "", Verdict.INCONCLUSIVE, id="changed and nobody read it"),
        pytest.param("new", "new", Verdict.PASS, id="changed and a model was asked"),
        pytest.param("old", "", Verdict.PASS, id="unchanged"),
    ],
)
def test_a_changed_prompt_passes_only_when_a_model_was_asked_with_it(
    now: str, asked: str, verdict: Verdict
) -> None:
    items = [an_item(f"c-{i}/budget", 3, 3) for i in range(200)]
    before = a_run(*items).model_copy(update={"digests": {"prompt": "", "templates": "old"}})
    after = a_run(*items).model_copy(update={"digests": {"prompt": asked, "templates": now}})
    found = gate(after, before)
    assert found.verdict is verdict
    assert ("--model NAME" in found.reasons[0]) is (verdict is Verdict.INCONCLUSIVE)


def test_a_clear_loss_blocks_even_on_few_items() -> None:
    before = a_run(*[an_item(f"c-{i}/budget", 3, 3) for i in range(20)])
    after = a_run(*[an_item(f"c-{i}/budget", 3, 2 if i < 8 else 3) for i in range(20)])
    assert gate(after, before).verdict is Verdict.BLOCK


def test_inventing_levels_blocks_though_accuracy_does_not_fall() -> None:
    """Ten silences become claims while ten others are mended."""
    silent = [an_item(f"c-{i}/need", NOT_DISCUSSED, NOT_DISCUSSED) for i in range(100)]
    wrong = [an_item(f"d-{i}/need", 2, 1) for i in range(100)]
    claims = [
        an_item(f"c-{i}/need", NOT_DISCUSSED, 2 if i < 10 else NOT_DISCUSSED) for i in range(100)
    ]
    mended = [an_item(f"d-{i}/need", 2, 2 if i < 10 else 1) for i in range(100)]
    found = gate(a_run(*claims, *mended), a_run(*silent, *wrong))
    verdicts = {c.name: c.verdict for c in found.comparison.checks}
    assert verdicts["invented levels"] is Verdict.BLOCK
    assert verdicts["right levels"] is not Verdict.BLOCK
    assert verdicts["refusals seen"] is None
    assert found.verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        pytest.param({"outcomes": (ExtractionOutcome.INVALID_JSON,)}, "answers in the", id="json"),
        pytest.param({"quotes_not_there": 1}, "quotes that stand", id="invented quote"),
        pytest.param({"seller_evidence": 1}, "evidence said by", id="seller as evidence"),
        pytest.param({"raised_by_attack": (Criterion.NEED,)}, "calls raised", id="injection"),
        pytest.param({"outcomes": (ExtractionOutcome.TRUNCATED,)}, "truncated", id="truncated"),
    ],
)
def test_a_broken_invariant_blocks_whatever_the_figures_say(broken: dict, name: str) -> None:
    item = an_item()
    found = gate(a_run(item, calls=(a_call_run(**broken),)), a_run(item))
    assert found.verdict is Verdict.BLOCK
    assert found.reasons[0].startswith(name)


def test_without_a_baseline_nothing_passes() -> None:
    assert gate(a_run(an_item()), None).verdict is Verdict.INCONCLUSIVE
    other = a_run(an_item("c-9/need"))
    assert gate(a_run(an_item()), other).verdict is Verdict.INCONCLUSIVE


def test_items_whose_label_changed_or_that_only_one_has_are_left_out_and_counted() -> None:
    before = a_run(an_item("a/need", 3), an_item("b/need", 3), an_item("c/need", 3))
    after = a_run(an_item("a/need", 3), an_item("b/need", 2), an_item("d/need", 3))
    found = compare(before, after)
    assert (found.items, found.relabelled) == (1, 1)
    assert (found.only_in_baseline, found.only_in_candidate) == (1, 1)


def test_changes_are_told_to_a_person_the_worse_ones_first() -> None:
    before = a_run(an_item("a/need", 3, 2), an_item("b/need", 3, 3), an_item("c/need", 3, 1))
    after = a_run(an_item("a/need", 3, 3), an_item("b/need", 3, None), an_item("c/need", 3, 2))
    assert [str(change) for change in compare(before, after).changes] == [
        "worse  b/need: 3 -> no answer (right: 3)",
        "other  c/need: 1 -> 2 (right: 3)",
        "better  a/need: 2 -> 3 (right: 3)",
    ]


def test_most_samples_decide_and_a_draw_is_no() -> None:
    assert an_item("a/need", 3, 3, 3, 1).exact
    assert not an_item("a/need", 3, 3, 1).exact
    assert an_item("a/need", NOT_DISCUSSED, 2, 1, NOT_DISCUSSED).invented
    assert not an_item("a/need", NOT_DISCUSSED, None, None).invented
    assert an_item("a/need", 0, 0, 0, NOT_DISCUSSED).refusal_seen


def test_what_is_dearer_slower_wandering_or_moved_warns_and_does_not_block() -> None:
    items = [an_item(f"c-{i}/need", 3, 3, 3, 3) for i in range(40)]
    wander = [an_item(f"c-{i}/need", 3, 3, 3, 2 if i < 4 else 3) for i in range(40)]
    old = [a_call_run(f"c-{i}", cost_usd=0.01, seconds=(2.0,), points=(50,)) for i in range(40)]
    new = [a_call_run(f"c-{i}", cost_usd=0.02, seconds=(4.0,), points=(65,)) for i in range(40)]
    found = gate(a_run(*wander, calls=tuple(new)), a_run(*items, calls=tuple(old)))
    assert found.verdict is Verdict.PASS
    starts = [warning.split(":")[0] for warning in found.warnings]
    assert starts == ["cost", "latency", "stability", "scores", "scores"]


def test_a_criterion_and_a_slice_that_fell_are_named() -> None:
    def run(level: int):
        return a_run(
            *[
                an_item(f"c-{i}/need", 3, level if i < 12 else 3, slices={"language": "de"})
                for i in range(40)
            ]
        )

    found = gate(run(2), run(3))
    assert any(w.startswith("need: 12 fewer right levels") for w in found.warnings)
    assert "slice language de: 12 fewer right levels of 40" in found.warnings


def test_holm_corrects_in_steps_and_keeps_the_order() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_a_p_value_nor_exceeds_bonferroni(p_values: list[float]) -> None:
    for raw, corrected in zip(p_values, holm(p_values), strict=True):
        assert raw <= corrected <= min(1.0, len(p_values) * raw) + 1e-12


def test_the_stability_index_is_zero_for_the_same_scores_and_large_for_a_shift() -> None:
    scores = np.arange(1, 101.0)
    assert stability_index(scores, scores) == 0
    assert stability_index(scores, np.clip(scores + 40, 1, 100)) > 0.2


def test_a_baseline_is_accepted_with_a_reason_that_is_kept(tmp_path) -> None:
    path = tmp_path / "evals" / "baseline.json"
    run = simulated_run(1, calls=5)
    accept_baseline(path, run, reason="first labels", verdict="first", now=NOW)
    accept_baseline(path, run, reason="reworded the rubric", verdict="PASS", now=NOW)
    found = read_baseline(path)
    assert [a.reason for a in found.accepted] == ["first labels", "reworded the rubric"]
    assert found.run == run
    assert gate(run, found.run).verdict is Verdict.PASS


def test_a_baseline_without_a_reason_or_of_another_form_is_refused(tmp_path) -> None:
    path = tmp_path / "baseline.json"
    with pytest.raises(EvalError, match="--reason"):
        accept_baseline(path, a_run(an_item()), reason=" ", verdict="PASS", now=NOW)
    assert read_baseline(path) is None
    path.write_text('{"accepted": []}')
    with pytest.raises(EvalError, match=r"baseline\.json: run: Field required"):
        read_baseline(path)


def test_one_sample_says_nothing_of_stability() -> None:
    assert stability(a_run(an_item()), BANT, threshold=50) is None


def test_stability_counts_flips_spread_bands_and_crossings() -> None:
    items = (an_item("a/need", 3, 3, 3, 3), an_item("b/need", 3, 3, 2, 3))
    calls = (
        a_call_run("a", points=(60, 60, 60), outcomes=(ExtractionOutcome.OK,) * 3),
        a_call_run("b", points=(70, 80, None), outcomes=(ExtractionOutcome.OK,) * 3),
    )
    found = stability(a_run(*items, calls=calls), BANT, threshold=75)
    assert found.all_flips.hits == found.flips[Criterion.NEED].hits == 1
    assert found.flips[Criterion.BUDGET].value is None
    assert found.modal_agreement[Criterion.NEED] == pytest.approx(5 / 6)
    assert found.score_spread == pytest.approx(np.std([70, 80], ddof=1) / 2)
    assert found.widest_spread == 10
    assert found.band_changes.hits == found.threshold_crossings.hits == 1
