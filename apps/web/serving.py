"""The small shape: the receiver and all duties in one process."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import uvicorn

from apps.web.receiver import Receiver, create_app
from apps.web.signatures import checks
from bantam.errors import SettingsError
from bantam.settings import Settings
from flows import wiring
from flows.deliver import deliver
from flows.events import act_on_events
from flows.forget import sweep_old
from flows.inbox import pick_up
from flows.intake import Intake, take_in
from flows.poll import poll
from flows.rounds import Duty, Rounds
from flows.sweep import sweep
from flows.worker import Worker

DELIVERIES_A_TURN = 100
SWEEP_SECONDS = 3600.0
"""Between two looks for words that are too old."""


async def serve(settings: Settings, *, tell: Callable[[str], None]) -> bool:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: everything that can be set.
        tell: shows a line to whoever started it.

    Returns:
        False when something was still under way after `serve.grace`.

    Raises:
        BantamError: a part cannot be built, or the address is taken.
    """
    with wiring.worker(settings) as worker:
        intake = wiring.build_intake(settings, worker.ledger)
        rounds = Rounds(duties(worker, intake, settings))
        receiver = Receiver(
            ledger=worker.ledger,
            checks=checks(settings),
            clock=worker.clock,
            max_bytes=settings.webhooks.max_bytes,
            on_new=lambda: _wake(rounds),
        )
        with _listening(settings) as listening:
            server = _server(receiver)
            running = asyncio.create_task(rounds.run())
            tell(_greeting(worker, receiver, settings, port=listening.getsockname()[1]))
            with _signals_left_to_the_server():
                await server.serve(sockets=[listening])
                rounds.stop()
                done, _ = await asyncio.wait([running], timeout=settings.serve.grace)
        return bool(done)


def _wake(rounds: Rounds) -> None:
    rounds.wake("pick-up")
    rounds.wake("intake")
    rounds.wake("events")


def duties(worker: Worker, intake: Intake, settings: Settings) -> list[Duty]:
    """Return what one process does, round and round."""
    serve_settings = settings.serve
    first_look = timedelta(seconds=serve_settings.first_look)
    return [
        Duty(
            "poll",
            lambda: poll(worker, first_look=first_look),
            every=serve_settings.poll_every,
            wakes=("pick-up",),
            at_once=False,
        ),
        Duty(
            "pick-up",
            lambda: pick_up(worker).taken,
            every=serve_settings.sweep_every,
            wakes=("deliver",),
        ),
        Duty(
            "intake",
            lambda: take_in(worker, intake),
            every=serve_settings.sweep_every,
            wakes=("sweep",),
        ),
        Duty(
            "events",
            lambda: act_on_events(worker, first_look=first_look),
            every=serve_settings.sweep_every,
            wakes=("pick-up",),
        ),
        Duty("sweep", lambda: sweep(worker, intake), every=serve_settings.sweep_every),
        Duty("deliver", lambda: _deliver(worker), every=serve_settings.deliver_every),
        *_retention(worker, settings),
    ]


def _retention(worker: Worker, settings: Settings) -> list[Duty]:
    """Return the duty of erasing old words, where an age is set."""
    days = settings.retention.days
    if days is None:
        return []
    return [
        Duty(
            "retention",
            lambda: sweep_old(worker.ledger, days=days, clock=worker.clock),
            every=SWEEP_SECONDS,
        )
    ]


def _deliver(worker: Worker) -> int:
    return deliver(
        worker.ledger,
        worker.gateways,
        clock=worker.clock,
        worker=worker.name,
        limit=DELIVERIES_A_TURN,
    ).claimed


@contextmanager
def _signals_left_to_the_server() -> Iterator[None]:
    """Keep a stop signal from ending the process: uvicorn raises it again when it is done."""
    caught = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listening(settings: Settings) -> socket.socket:
    """Return a socket that is bound to the settings' address.

    Raises:
        SettingsError: the address is taken, or not of this machine.
    """
    host, port = settings.serve.host, settings.serve.port
    try:
        return socket.create_server((host, port), family=_family(host), reuse_port=False)
    except OSError as error:
        raise SettingsError(
            f"serve.host, serve.port: cannot listen on {host}:{port}: {error.strerror}"
        ) from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _server(receiver: Receiver) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(receiver),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        # Headers that say who is behind a proxy decide nothing here.
        proxy_headers=False,
    )
    return uvicorn.Server(config)


def _greeting(worker: Worker, receiver: Receiver, settings: Settings, *, port: int) -> str:
    sources = ", ".join(worker.sources) or "no source (name some in serve.sources, or --folder)"
    senders = ", ".join(sorted(receiver.checks)) or "nobody yet (no webhook secret is set)"
    return (
        f"bantam serve on http://{settings.serve.host}:{port}; ledger"
        f" {wiring.ledger_name(settings)}; reads {sources}; webhooks from {senders}; delivers to"
        f" {', '.join(worker.gateways)}"
    )
