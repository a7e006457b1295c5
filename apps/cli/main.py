"""Entry point of `bantam`: finds the command, and turns errors into one line and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import click

from apps.cli import exit_codes
from apps.cli.plain_text import one_line
from bantam import __version__

_COMMANDS = {
    # name: module:attribute; modules are imported when the command is called, so that
    # `bantam --help` stays quick
    "score": "apps.cli.score:score_command",
    "demo": "apps.cli.score:demo_command",
    "rescore": "apps.cli.rescore:rescore_command",
    "show": "apps.cli.show:show_command",
    "deals": "apps.cli.show:deals_command",
    "deliver": "apps.cli.deliver:deliver_command",
    "backfill": "apps.cli.backfill:backfill_command",
    "batch": "apps.cli.batch:batch_command",
    "status": "apps.cli.status:status_command",
    "crm": "apps.cli.crm:crm_command",
    "connect": "apps.cli.connect:connect_command",
    "forget": "apps.cli.forget:forget_command",
    "evals": "apps.cli.evals:evals_command",
    "serve": "apps.cli.serve:serve_command",
    "outcomes": "apps.cli.outcomes:outcomes_command",
    "fit": "apps.cli.fit:fit_command",
    "doctor": "apps.cli.doctor:doctor_command",
}
_SHORT_HELP = {
    "score": "Read and score calls from files, folders, globs or stdin.",
    "demo": "Score the bundled sample calls: no key, no server.",
    "rescore": "Score the ledger again after a change of weights, without asking the model.",
    "show": "Show one call: readings, quotes, what was rejected and why, contributions.",
    "deals": "List deals, or show one over time.",
    "deliver": "Send what is owed to the CRM, or export the embedded CRM as CSV.",
    "backfill": "Score the calls of the past that a recorder has; tells the cost first.",
    "batch": "Read calls through the Batch API, or through files answered elsewhere.",
    "status": "Show what waits, what failed, how late it was and what it cost.",
    "crm": "Make Bantam's fields in a CRM, link calls to deals, read how deals ended.",
    "connect": "Check a vendor's credentials and scopes with requests that change nothing.",
    "forget": "Erase the words of a call, a deal's calls or a person's, here and in the CRM.",
    "evals": "Measure against labels and closed deals; gate a change; count deals needed.",
    "serve": "Receive webhooks, poll, score and deliver, in one process.",
    "outcomes": "Keep how deals ended, from a CRM or a table.",
    "fit": "Learn weights and a probability from closed deals, or a score from leads.",
    "doctor": "Check settings, ledger and model server.",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = _COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader of stdout that went away (`| head`) is no error of ours."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Not handed on: click would make it exit code 1, which stands for a defect.
            _silence_stdout()
            return exit_codes.OK

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _SHORT_HELP[name]) for name in _COMMANDS])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bantam")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; default: bantam.toml in this folder, if there is one.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Reads sales calls and tells how good the deal is, with the buyer's own words."""
    ctx.obj = {"config": config, "debug": debug}


def main(argv: list[str] | None = None) -> None:
    """Run `bantam`; always ends in SystemExit with one of `exit_codes`."""
    code = run(sys.argv[1:] if argv is None else argv)
    if code == exit_codes.INTERRUPTED:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End at once where threads still wait for an answer: Python would wait for them."""
    if any(not t.daemon and t is not threading.main_thread() for t in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def run(argv: list[str]) -> int:
    """Run one command line and return its exit code."""
    from bantam.errors import BantamError  # noqa: PLC0415 - late, for a quick --help

    argv, debug = _debug_anywhere(argv)
    _make_streams_usable()
    try:
        result = cli.main(args=argv, prog_name="bantam", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; run the same command again to go on", err=True)
        return exit_codes.INTERRUPTED
    except BantamError as error:
        if debug:
            raise
        click.echo(one_line(f"bantam: {error}"), err=True)
        return exit_code_of(error)
    except OSError as error:
        # A full disk, a file that may not be written; what broke on the wire is a BantamError.
        if debug:
            raise
        what = f"{error.filename}: " if error.filename else ""
        click.echo(one_line(f"bantam: {what}{error.strerror or type(error).__name__}"), err=True)
        return exit_codes.UNAVAILABLE
    except Exception as error:
        if debug:
            raise
        # The type only: the message of an unforeseen error may hold transcript text.
        click.echo(
            f"bantam: unexpected {type(error).__name__}; run again with --debug and report it",
            err=True,
        )
        return exit_codes.UNEXPECTED
    return result if isinstance(result, int) else exit_codes.OK


def exit_code_of(error: Exception) -> int:
    """Return the exit code that stands for an error of ours."""
    from bantam import errors  # noqa: PLC0415 - late, for a quick --help

    by_type: dict[type[Exception], int] = {
        errors.NotInLedgerError: exit_codes.NOT_FOUND,
        errors.SettingsError: exit_codes.SETTINGS,
        errors.EvalError: exit_codes.USAGE,
        errors.CallFileError: exit_codes.SOME_FAILED,
        errors.LedgerError: exit_codes.UNAVAILABLE,
        errors.ExtractionError: exit_codes.UNAVAILABLE,
        errors.WebhookError: exit_codes.UNAVAILABLE,
        errors.VendorError: exit_codes.UNAVAILABLE,
        errors.OutputError: exit_codes.UNAVAILABLE,
    }
    return next(
        (code for kind, code in by_type.items() if isinstance(error, kind)),
        exit_codes.UNEXPECTED,
    )


def _debug_anywhere(argv: list[str]) -> tuple[list[str], bool]:
    """Return the arguments with --debug first: people add it at the end of the line that failed."""
    end = argv.index("--") if "--" in argv else len(argv)
    if "--debug" not in argv[:end]:
        return argv, False
    return ["--debug", *(a for a in argv[:end] if a != "--debug"), *argv[end:]], True


def _make_streams_usable() -> None:
    """Write UTF-8 to pipes and files whatever the locale; to a terminal what it can show.

    A stream that the caller closed (`>&-`) is None in Python: it becomes the null device.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            if stream.encoding.lower() in _UTF8:
                continue
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


_UTF8 = frozenset({"utf-8", "utf8"})


def _silence_stdout() -> None:
    """Keep Python from complaining at exit that nobody reads stdout any more (`| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def settings_of(ctx: click.Context) -> Any:
    """Return the settings that a command runs with.

    Raises:
        SettingsError: the file or the environment is wrong.
    """
    from bantam.settings import load_settings  # noqa: PLC0415 - late, for a quick --help

    return load_settings(ctx.obj["config"])
