"""Workflows say what runs: their commands exist, and what they promise to keep is written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from apps.cli.main import cli
from tests.paths import REPO

WORKFLOWS = sorted((REPO / ".github" / "workflows").glob("*.yml"))
EVALS = yaml.safe_load((REPO / ".github/workflows/evals.yml").read_text(encoding="utf-8"))
TRIGGERS = True
"""YAML 1.1 reads the key `on` as true."""


def steps(workflow: dict[Any, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each step with the name of its job."""
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            yield name, step


def commands(workflow: dict[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the command lines that call bantam, with the name of the job."""
    for job, step in steps(workflow):
        script = step.get("run", "").replace("\\\n", " ")
        for line in script.splitlines():
            if line.strip().startswith(".venv/bin/bantam "):
                yield job, shlex.split(line)[1:]


def context_of(arguments: list[str]) -> click.Context:
    """Return the context of a command line; an option that does not exist is refused."""
    context = cli.make_context("bantam", list(arguments))
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None
        context = command.make_context(name, rest, parent=context)
    return context


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_each_workflow_is_yaml_with_triggers_limits_and_commands_that_exist(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow[TRIGGERS]
    assert workflow["permissions"]
    for _, step in steps(workflow):
        assert ("run" in step) != ("uses" in step)
        assert re.search(r"@v\d+$", step.get("uses", "x@v1"))
        for target in re.findall(r"^make (\w+)", step.get("run", ""), re.MULTILINE):
            assert f"\n{target}:" in (REPO / "Makefile").read_text(encoding="utf-8")
    for _, arguments in commands(workflow):
        context_of(arguments)


def test_the_gate_runs_on_what_can_move_a_reading() -> None:
    assert EVALS[TRIGGERS]["pull_request"]["paths"] == [
        "prompts/**",
        "extractors/**",
        "bantam.toml",
    ]
    for path in ("prompts", "extractors"):
        assert (REPO / path).is_dir()


@pytest.mark.parametrize("job", ["offline", "live"])
def test_each_stage_keeps_a_report_to_look_at_every_figure_and_the_run(job: str) -> None:
    (arguments,) = [args for name, args in commands(EVALS) if name == job]
    given = context_of(arguments).params
    files = {
        str(path) for path in given.values() if isinstance(path, Path) and len(path.parts) == 1
    }
    assert {Path(f).suffix for f in files} == {".md", ".html", ".json"}
    assert len(files) == 4
    (kept,) = [
        step["with"]["path"].split()
        for name, step in steps(EVALS)
        if name == job and step.get("uses", "").startswith("actions/upload-artifact@")
    ]
    assert set(kept) == files


@pytest.mark.parametrize(
    ("offline", "live", "told"),
    [
        pytest.param("# PASS: 3 calls", "# Live stage", ["# PASS: 3 calls", "# Live"], id="both"),
        pytest.param("# BLOCK", None, ["# BLOCK", "# live: no report"], id="a stage that broke"),
        pytest.param("ä" * 100_000, "", ["ää"], id="longer than a comment may be"),
    ],
)
def test_reports_are_put_together_for_the_summary_and_a_comment(
    offline: str, live: str | None, told: list[str], tmp_path: Path
) -> None:
    (script,) = [s["run"] for _, s in steps(EVALS) if s.get("name") == "Put the reports together"]
    (tmp_path / "offline.md").write_text(offline, encoding="utf-8")
    if live is not None:
        (tmp_path / "live.md").write_text(live, encoding="utf-8")
    env = {**os.environ, "RUN": "https://ci.example/7", "GITHUB_STEP_SUMMARY": "summary.md"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=env, check=True)
    comment = (tmp_path / "report.md").read_text(encoding="utf-8")
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert comment.startswith("<!-- bantam-evals -->\n")
    assert "[this run](https://ci.example/7)" in comment
    assert len(comment) <= 65_536
    assert all(part in comment and part in summary for part in told)
    assert offline in summary
