"""`bantam serve`: one process that receives webhooks, polls, fetches, scores and delivers."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from apps.cli import exit_codes
from apps.cli.main import settings_of
from apps.cli.terminal import stderr
from apps.logs import set_up
from bantam.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on; default: 127.0.0.1, this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: 8470; 0 takes a free one.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Also score whatever call files are dropped into this folder.",
)
@click.pass_context
def serve_command(
    ctx: click.Context, host: str | None, port: int | None, folder: Path | None
) -> int:
    """Receive webhooks, poll sources, score calls and deliver, until Ctrl-C or SIGTERM."""
    settings = _with_options(settings_of(ctx), host, port, folder)
    set_up(settings.log)
    from apps.web.serving import serve  # noqa: PLC0415 - late: Starlette and uvicorn

    finished = asyncio.run(serve(settings, tell=lambda line: stderr().print(line, soft_wrap=True)))
    if not finished:
        # Threads that are still at it cannot be stopped; what they hold comes back by lease.
        os._exit(exit_codes.INTERRUPTED)
    return exit_codes.OK


def _with_options(
    settings: Settings, host: str | None, port: int | None, folder: Path | None
) -> Settings:
    given = {"host": host, "port": port, "folder": folder}
    changes = {name: value for name, value in given.items() if value is not None}
    return settings.model_copy(update={"serve": settings.serve.model_copy(update=changes)})
