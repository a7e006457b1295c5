"""prefect.yaml names flows that exist, and these flows do what is due. No server is started."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.schedules import Interval

from bantam.domain.calls import CallId
from bantam.domain.pickup import PickupState
from bantam.ledger.store import Ledger
from tests.paths import REPO

DEPLOYED = yaml.safe_load((REPO / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


def the_flow(entrypoint: str) -> Any:
    module, _, name = entrypoint.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("deployment", DEPLOYED, ids=lambda d: d["entrypoint"])
def test_each_deployment_is_an_async_flow_in_the_pool_with_a_limit(
    deployment: dict[str, Any],
) -> None:
    flow = the_flow(deployment["entrypoint"])
    # A sync flow costs a flat second.
    assert inspect.iscoroutinefunction(flow.fn)
    assert flow.persist_result is False
    assert deployment["work_pool"] == {"name": "bantam"}
    assert deployment["concurrency_limit"]["limit"] >= 1


SCHEDULED = [d for d in DEPLOYED if "schedules" in d]


@pytest.mark.parametrize("deployment", SCHEDULED, ids=lambda d: d["entrypoint"])
def test_what_a_schedule_starts_needs_no_parameters(deployment: dict[str, Any]) -> None:
    assert the_flow(deployment["entrypoint"]).validate_parameters({}) == {"config": None} | (
        {"limit": None} if deployment["entrypoint"].endswith("deliver_due") else {}
    )
    for schedule in deployment["schedules"]:
        assert set(schedule) == {"interval"}
        assert Interval(timedelta(seconds=schedule["interval"])).interval >= timedelta(minutes=1)


def test_names_are_one_of_a_kind_within_a_flow() -> None:
    names = [(d["entrypoint"], d["name"]) for d in DEPLOYED]
    assert len(set(names)) == len(names)


def test_the_flows_around_the_main_path_do_what_is_due(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    shutil.copy(REPO / "apps" / "cli" / "samples" / "d1-02.json", tmp_path / "calls")
    config = tmp_path / "bantam.toml"
    config.write_text(
        f'[ledger]\nurl = "sqlite:///{tmp_path}/b.db"\n[serve]\nfolder = "{tmp_path}/calls"\n'
    )

    def run(name: str, module: str = "flows.engine_around") -> Any:
        return asyncio.run(the_flow(f"{module}.{name}").fn(config=str(config)))

    assert run("poll_sources") == 1
    assert run("drain_inbox") == 1
    assert run("look_after_bookings") == 0
    assert run("deliver_due", "flows.engine")["sent"] == 1
    assert run("drain_inbox") == 0
    with Ledger.open(f"sqlite:///{tmp_path}/b.db", create=False) as ledger:
        pickup = ledger.pickup(CallId("d1-02"))
        assert pickup is not None
        assert pickup.state is PickupState.DONE
        assert [row.note.call_id for row in ledger.crm_scores()] == ["d1-02"]
