from __future__ import annotations

from pathlib import Path

import pytest

from bantam.domain.bant import Criterion
from bantam.errors import ScoreModelError, SettingsError
from bantam.settings import load_settings


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bantam.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(env={})
    assert (settings.extractor, settings.delivery.targets) == ("embedded", ("embedded",))
    assert settings.score_model().name == "bant"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[model]\nname = "a"\nconcurrency = 2\n')
    env = {"BANTAM_MODEL__NAME": "b", "BANTAM_MODEL__API_KEY": "sk-1", "BANTAM_TEST_X": "1"}
    settings = load_settings(path, env)
    assert (settings.model.name, settings.model.concurrency) == ("b", 2)
    assert settings.model.api_key.get_secret_value() == "sk-1"


def test_secrets_do_not_print(tmp_path: Path) -> None:
    env = {"OPENAI_API_KEY": "sk-hush", "BANTAM_LEDGER__URL": "postgresql://u:pw-hush@h/d"}
    shown = repr(load_settings(write(tmp_path, ""), env))
    assert "hush" not in shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("123456", id="digits"),
        pytest.param("00123", id="leading zeros"),
        pytest.param("1_000", id="digits with an underscore"),
        pytest.param("12e4", id="an exponent"),
        pytest.param("0x1F", id="hexadecimal"),
        pytest.param("true", id="a truth value"),
        pytest.param("nan", id="not a number"),
        pytest.param("2026-01-01", id="a date"),
        pytest.param("{}", id="an empty table"),
        pytest.param("[1]", id="a list"),
    ],
)
def test_text_from_the_environment_stays_as_it_stands_whatever_else_it_could_be(
    tmp_path: Path, text: str
) -> None:
    env = {
        "BANTAM_GONG__ACCESS_KEY": text,
        "BANTAM_ZOOM__ACCOUNT_ID": text,
        "BANTAM_MODEL__NAME": text,
        "BANTAM_SERVE__FOLDER": text,
        "BANTAM_DEAL_BY_CALL__C1": text,
    }
    settings = load_settings(write(tmp_path, ""), env)
    assert settings.gong.access_key
    assert settings.gong.access_key.get_secret_value() == text
    assert (settings.zoom.account_id, settings.model.name) == (text, text)
    assert (settings.serve.folder, settings.deal_by_call) == (Path(text), {"c1": text})


def test_what_is_no_text_is_still_read_as_toml(tmp_path: Path) -> None:
    env = {
        "BANTAM_MODEL__CONCURRENCY": "3",
        "BANTAM_MODEL__NAME": '"quoted"',
        "BANTAM_MODEL__PARAMETERS__SEED": "7",
        "BANTAM_MODEL__PRICES__M": "{input = 1, output = 2}",
        "BANTAM_GONG__INCLUDE_PRIVATE": "true",
        "BANTAM_ZOOM__HOSTS": '["ana@seller.example"]',
    }
    settings = load_settings(write(tmp_path, ""), env)
    assert (settings.model.concurrency, settings.model.name) == (3, "quoted")
    assert (settings.model.parameters, settings.model.prices["m"].output) == ({"seed": 7}, 2)
    assert settings.gong.include_private
    assert settings.zoom.hosts == ("ana@seller.example",)


WEIGHTS = "weights = {budget = 0.1, authority = 0.2, need = 0.3, timeframe = 0.4}"


def test_a_named_model_of_this_installation_is_used(tmp_path: Path) -> None:
    text = f'[scoring]\nmodel = "upsell"\n[scoring.models.upsell]\n{WEIGHTS}\n'
    model = load_settings(write(tmp_path, text), {}).score_model()
    assert (model.name, model.weights[Criterion.TIMEFRAME]) == ("upsell", 0.4)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        pytest.param("[ledgr]\n", SettingsError, "did you mean 'ledger'?", id="section misspelt"),
        pytest.param("[model]\nnme = 1\n", SettingsError, "model.nme: no such setting; did you mean 'name'?", id="key misspelt"),
        pytest.param("[model]\nconcurrency = 0\n", SettingsError, "model.concurrency", id="out of bounds"),
        pytest.param("[model\n", SettingsError, "not TOML", id="not toml"),
        pytest.param('model = "gpt"\n', SettingsError, "model: expected a section, [model]", id="value in the place of a section"),
        pytest.param("scoring = 5\n", SettingsError, "scoring: expected a section, [scoring]", id="number in the place of a section"),
        pytest.param("[scoring]\nmodels = 5\n", ScoreModelError, "expected a section, [scoring.models]", id="number in the place of models"),
        pytest.param('[model]\nbase_url = "localhost:8000"\n', SettingsError, "model.base_url: expected an address that begins with http://", id="address without scheme"),
        pytest.param('[model]\nname = ""\n', SettingsError, "model.name", id="empty name"),
        pytest.param('[delivery]\ntargets = "slack"\n', SettingsError, "delivery.targets: expected a list", id="text in the place of a list"),
        pytest.param('[delivery]\ntargets = ["hubspt"]\n', SettingsError, "'hubspot'", id="no such target"),
        pytest.param('[crm.policies]\nscoer = "own"\n', SettingsError, "no field of Bantam is called 'scoer'; there are score,", id="crm field misspelt"),
        pytest.param('[crm.also_write.next_step]\nfield = "nxt"\n', SettingsError, "no field of Bantam is called 'nxt'", id="crm source misspelt"),
        pytest.param('score_model = "x"\n', SettingsError, "did you mean 'scoring.model'?", id="key outside its section"),
        pytest.param("[score_models.x]\n", SettingsError, "did you mean 'scoring.models'?", id="section outside its section"),
        pytest.param('[scoring]\nmodel = "bnt"\n', ScoreModelError, "did you mean 'bant'?", id="unknown score model"),
        pytest.param(
            "[scoring.models.x]\nweights = {budget = 0.1, authority = 0.2, need = 0.3, timeframe = 0.3}\n",
            ScoreModelError, "scoring.models.x: weights: must sum to 1, they sum to 0.9", id="weights",
        ),
        pytest.param(
            "[scoring.models.x]\nweights = {budget = 0.5, need = 0.5}\n",
            ScoreModelError, "missing: authority, timeframe", id="criterion left out",
        ),
        pytest.param(
            f"[scoring.models.x]\n{WEIGHTS}\nlevel_values = [0, 0.5, 0.4, 0.8, 1]\n",
            ScoreModelError, "level_values: must not decrease", id="decreasing values",
        ),
        pytest.param(
            f"[scoring.models.x]\n{WEIGHTS}\nbands = [{{name = 'hot', at_least = 50}}]\n",
            ScoreModelError, "one band must start at 1", id="bands leave a hole",
        ),
        pytest.param(
            "[scoring.models.x]\nweights = {budget = 0.1, authority = 0.2, need = 0.3, timefrme = 0.4}\n",
            ScoreModelError, "scoring.models.x.weights.timefrme", id="criterion misspelt",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        load_settings(write(tmp_path, text), {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_is_named_and_not_the_file(tmp_path: Path) -> None:
    env = {"BANTAM_MODEL__MAX_TOKENS": "many", "BANTAM_EXTRACTR": "model"}
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, ""), env)
    assert "BANTAM_MODEL__MAX_TOKENS: model.max_tokens: expected a valid integer" in str(
        caught.value
    )
    assert "BANTAM_EXTRACTR: extractr: no such setting; did you mean 'extractor'?" in str(
        caught.value
    )
    assert "bantam.toml" not in str(caught.value)


def test_a_variable_may_be_text_that_looks_like_a_number(tmp_path: Path) -> None:
    env = {"BANTAM_MODEL__API_KEY": "12345", "BANTAM_MODEL__NAME": "4.1"}
    settings = load_settings(write(tmp_path, ""), env)
    assert settings.model.api_key is not None
    assert (settings.model.api_key.get_secret_value(), settings.model.name) == ("12345", "4.1")


def test_a_key_for_the_provider_does_not_hide_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"model: expected a section"):
        load_settings(write(tmp_path, 'model = "gpt"\n'), {"OPENAI_API_KEY": "sk-1"})


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "bantam.toml"
    path.write_text('extractor = "model"\n', encoding="utf-8-sig")
    assert load_settings(path, {}).extractor == "model"


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_settings(tmp_path, {})


def test_a_file_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(tmp_path / "other.toml", {})
