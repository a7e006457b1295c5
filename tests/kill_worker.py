"""Workers that can be killed: a process that forks one, or several at once, on command.

Run as `python -m tests.kill_worker SETUP`, SETUP being the JSON of `Setup`. A line on stdin is
the JSON of an `Order`; the answer is a line with the pids, then one with their exit statuses.
The imports are paid for once; each worker opens its own ledger and clients, as a new process does.

A worker does the duties of `bantam serve` until nothing is left, on a clock that stands at the
order's time. `die_at` N kills it with SIGKILL at its Nth call into Bantam's own code.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

import httpx

from apps.web.serving import duties
from bantam.domain.bant import Criterion, Level
from bantam.domain.calls import DealId
from bantam.domain.delivery import Delivery, Receipt
from bantam.domain.intake import OfficeHours
from bantam.domain.scheduled import Lead
from bantam.errors import BantamError
from bantam.ledger.store import Ledger
from bantam.ports import Clock
from bantam.scoring import BANT
from bantam.settings import Settings
from flows.intake import Intake
from flows.score_calls import Pipeline
from flows.vendors import slack_gateway
from flows.worker import Worker
from integrations.gong.client import GongClient, key_and_secret
from integrations.gong.source import GongSource
from integrations.google.calendar import CalendarClient
from integrations.google.desk import GoogleDesk, GoogleForm
from integrations.google.forms import FormsClient
from integrations.http import Ask, Fixed, Patience, Surroundings, Vendor, VendorClient, Wire
from tests.fakes import ScriptedExtractor
from tests.paths import REPO
from tests.standins import gong, slack
from tests.standins.google import SUBJECT

GOOGLE = Fixed({"Authorization": "Bearer ya29.1"})
ALWAYS = OfficeHours(opens=0, closes=24, weekdays=tuple(range(7)), minutes=10, notice_hours=0)
ALL_FOUR: Mapping[Criterion, Level] = dict.fromkeys(Criterion, 4)


@dataclass(frozen=True)
class Setup:
    """Where everything is."""

    ledger: str
    gong: str
    forms: str
    calendar: str
    crm: str
    slack: str


@dataclass(frozen=True)
class Order:
    """One run of workers. `die_at` holds a number for each, 0 for one that is to finish."""

    now: str
    die_at: tuple[int, ...] = (0,)


class _Deal(Wire):
    deal: str


class _Row(Wire):
    id: str


class HttpCrm:
    """A CRM over HTTP: `LeadDesk` and `Gateway`."""

    name = "crm"

    def __init__(self, url: str, around: Surroundings) -> None:
        self._http = VendorClient(Vendor("crm", url), Fixed({}), around)

    def ensure_deal(self, lead: Lead, key: str) -> DealId:
        ask = Ask("POST", "/leads", json={"email": lead.email, "key": key}, repeatable=True)
        return DealId(self._http.read(ask, _Deal).deal)

    def send(self, delivery: Delivery) -> Receipt:
        body = {
            "key": delivery.key,
            "deal": delivery.deal_id,
            "points": delivery.note.points,
        }
        row = self._http.read(Ask("PUT", f"/scores/{delivery.call_id}", json=body), _Row)
        return Receipt(record_id=row.id)


@functools.cache
def _transport() -> httpx.HTTPTransport:
    """One for all, made before the fork: what TLS costs each client is not what is tested."""
    return httpx.HTTPTransport(verify=False)


def a_worker(setup: Setup, ledger: Ledger, clock: Clock) -> tuple[Worker, Intake]:
    """Return a worker of the real clients against the stand-ins."""
    patience = Patience(attempts=2, connect_timeout=5, read_timeout=10, deadline=20)
    around = Surroundings(clock, patience=patience, sleep=lambda _: None, transport=_transport())
    crm = HttpCrm(setup.crm, around)
    chat = Settings.model_validate(
        {"slack": {"token": slack.TOKEN, "channel": "C1", "base_url": setup.slack}}
    ).slack
    pipeline = Pipeline(
        ledger=ledger,
        extractor=ScriptedExtractor({f"gong:{n}": ALL_FOUR for n in range(2000)}),
        score_model=BANT,
        targets=("crm", "slack"),
        clock=clock,
        concurrency=4,
    )
    source = GongSource(
        GongClient(key_and_secret(gong.KEY, gong.SECRET), around, base_url=setup.gong)
    )
    gateways = {"crm": crm, "slack": slack_gateway(chat, ledger, around)}
    worker = Worker(ledger, pipeline, {"gong": source}, gateways, name=f"pid-{os.getpid()}")
    intake = Intake(
        leads=crm,
        calendar=GoogleDesk(CalendarClient(GOOGLE, around, base_url=setup.calendar), SUBJECT),
        forms=[GoogleForm(FormsClient(GOOGLE, around, base_url=setup.forms), "F1")],
        hours=ALWAYS,
    )
    return worker, intake


def work(worker: Worker, intake: Intake) -> list[str]:
    """Do every duty until none finds anything; return what went wrong, as the rounds would log."""
    problems: list[str] = []
    around = duties(worker, intake, Settings())
    for _ in range(6):
        done = 0
        for duty in around:
            try:
                while (now := duty.run()) and duty.at_once:
                    done += now
            except BantamError as error:
                problems.append(f"{duty.name}: {error}")
        if not done:
            break
    return problems


def run(setup: Setup, now: datetime, die_at: int) -> None:
    """Be a worker; never returns."""
    if die_at:
        _die_at(die_at)
    try:
        with Ledger.open(setup.ledger, create=False) as ledger:
            problems = work(*a_worker(setup, ledger, lambda: now))
    except BaseException as error:
        _tell(sys.stderr, f"worker died of {type(error).__name__}: {error}")
        os._exit(1)
    for problem in problems:
        _tell(sys.stderr, problem)
    os._exit(0)


def _die_at(count: int) -> None:
    """Kill this process at its `count`th call into, or return from C in, Bantam's own code."""
    ours = tuple(str(REPO / name) + os.sep for name in ("apps", "bantam", "flows", "integrations"))
    left = count
    lock = threading.Lock()

    def count_down(frame: Any, event: str, _: object) -> None:
        nonlocal left
        if event in {"call", "c_return"} and frame.f_code.co_filename.startswith(ours):
            with lock:
                left -= 1
                if left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count_down)
    sys.setprofile(count_down)


def _tell(stream: TextIO, line: str) -> None:
    stream.write(line + "\n")
    stream.flush()


def main() -> None:
    """Obey orders until stdin ends."""
    setup = Setup(**json.loads(sys.argv[1]))
    _transport()
    _tell(sys.stdout, "ready")
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pids = []
        for die_at in order.die_at:
            pid = os.fork()
            if pid == 0:
                run(setup, datetime.fromisoformat(order.now), die_at)
            pids.append(pid)
        _tell(sys.stdout, json.dumps(pids))
        statuses = {pid: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids}
        _tell(sys.stdout, json.dumps([statuses[pid] for pid in pids]))


def as_json(value: Setup | Order) -> str:
    return json.dumps(dataclasses.asdict(value))


if __name__ == "__main__":
    main()
