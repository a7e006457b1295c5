"""The large shape says only what the code knows: settings, commands, flows, files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
import yaml

from apps.cli.main import cli
from bantam.settings import Settings
from tests.paths import REPO

COMPOSE = yaml.safe_load((REPO / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (REPO / "Dockerfile").read_text(encoding="utf-8")
ENV_EXAMPLE = (REPO / ".env.example").read_text(encoding="utf-8")
OURS = [name for name, service in SERVICES.items() if service.get("image") == "bantam"]
THEIRS = [name for name in SERVICES if name not in OURS]


def entered(words: list[str]) -> Iterator[str]:
    """Yield the options of a `bantam` command line that the command does not have."""
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None, f"bantam {words[0]} does not exist"
    options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    yield from (w for w in words[1:] if w.startswith("--") and w not in options)


def known(variable: str) -> bool:
    section, _, key = variable.removeprefix("BANTAM_").lower().partition("__")
    field = Settings.model_fields.get(section)
    if field is None or not key:
        return field is not None
    return key in getattr(field.annotation, "model_fields", {})


@pytest.mark.parametrize("name", OURS)
def test_variables_of_our_services_are_settings(name: str) -> None:
    names = [v for v in SERVICES[name]["environment"] if v.startswith("BANTAM_")]
    assert names
    assert [v for v in names if not known(v)] == []


def test_a_variable_that_is_no_setting_is_noticed() -> None:
    assert known("BANTAM_LEDGER__URL")
    assert not known("BANTAM_LEDGER__ADDRESS")
    assert not known("BANTAM_LEDGERS__URL")


def test_words_that_compose_fills_in_are_explained_in_the_example() -> None:
    text = (REPO / "compose.yaml").read_text(encoding="utf-8")
    filled = set(re.findall(r"\$\{(\w+)", text))
    assert filled
    # Bantam reads the same .env and refuses a variable of its own prefix that is no setting.
    assert [name for name in filled if name.startswith("BANTAM_") and not known(name)] == []
    assert [
        name for name in filled if not re.search(rf"^# {name}=", ENV_EXAMPLE, re.MULTILINE)
    ] == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(SERVICES["receiver"]["command"], id="receiver"),
        pytest.param(yaml.safe_load(DOCKERFILE.rpartition("CMD ")[2]), id="Dockerfile"),
    ],
)
def test_command_lines_exist(words: list[str]) -> None:
    assert list(entered(words)) == []


def test_health_checks_ask_a_page_and_a_port_that_are_published() -> None:
    asked = re.search(
        r"http://127.0.0.1:(\d+)(/\w+)", " ".join(SERVICES["receiver"]["healthcheck"]["test"])
    )
    assert asked is not None
    assert SERVICES["receiver"]["ports"] == [f"127.0.0.1:{asked[1]}:{asked[1]}"]
    assert f'"{asked[2]}"' in (REPO / "apps" / "web" / "receiver.py").read_text(encoding="utf-8")
    assert asked[1] == str(
        Settings.model_fields["serve"].get_default(call_default_factory=True).port
    )


def test_the_pool_is_one_for_the_deployments_and_the_workers() -> None:
    deployed = yaml.safe_load((REPO / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    pools = {d["work_pool"]["name"] for d in deployed}
    worker = SERVICES["worker"]["entrypoint"]
    made = shlex.split(SERVICES["deploy"]["entrypoint"][2])
    assert pools == {worker[worker.index("--pool") + 1]}
    assert pools == {made[made.index("create") + 1]}


@pytest.mark.parametrize("name", THEIRS)
def test_images_of_others_are_pinned_and_checked_for_health(name: str) -> None:
    assert re.search(r":\d+[\w.-]*$", SERVICES[name]["image"])
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_base_images_are_pinned() -> None:
    images = re.findall(r"^(?:FROM|COPY --from=)\s*([^\s]+:[^\s]+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 3
    assert [image for image in images if not re.search(r":\d", image)] == []


def test_services_wait_for_services_that_can_say_they_are_ready() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for {other}"


def test_files_that_are_mounted_or_copied_are_there() -> None:
    copied = re.findall(r"^COPY (?:--chown=\w+ )?((?:[\w.]+ )+)\./$", DOCKERFILE, re.MULTILINE)
    files = [f for line in copied for f in line.split()]
    assert files == ["requirements.lock", "prefect.toml", "prefect.yaml"]
    assert [
        f for f in (*files, "docs/compose/prefect-database.sql") if not (REPO / f).is_file()
    ] == []


def test_prefect_of_the_server_is_one_that_the_workers_may_have() -> None:
    image = SERVICES["prefect"]["image"]
    version = tuple(int(n) for n in re.search(r":(\d+)\.(\d+)\.", image).groups())  # type: ignore[union-attr]
    assert (3, 8) <= version < (3, 10)
