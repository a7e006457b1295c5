"""Renders the prompt: the part that never changes once, the call between random markers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import jinja2

from bantam.domain.calls import Call
from bantam.domain.value import Value, digest
from bantam.errors import ExtractionError
from extractors.reply import DATE_KINDS

PROMPTS = Path(__file__).resolve().parents[1] / "prompts"

_UNSEEN = (
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef"
)
_SUSPECT = re.compile(rf"[\t\n<>\[\]|＜＞［］｜〈〉《》【】⟦⟧{_UNSEEN}]")
_CONTROL = re.compile(rf"[{_UNSEEN}]")
_BRACKETS = str.maketrans("＜＞［］｜〈〉《》【】⟦⟧", "<>[]|<><>[][]")
_BARE_TAG = re.compile(r"\[(\s*/?\s*[Tt]?\s*\d+\s*\|)")
_FENCE = re.compile(r"<{2,}|>{2,}|<\s*\||\|\s*>|<(?=\s*[/!]?\s*[a-zA-Z_])")
_NAME_JUNK = re.compile(r"[\[\]|<>]")
_NAME_LENGTH = 40
_MARKER_BYTES = 8


class Prompt(Value):
    """A rendered prompt."""

    system: str
    """The same for every call, so that providers can cache it."""
    user: str


def clean(text: str) -> str:
    """Return a turn's text without what could pass for the prompt's own machinery.

    Control, direction and invisible characters go; line breaks become spaces; look-alikes of
    the fence and of turn tags lose their brackets. Words stay as they are.
    """
    if not _SUSPECT.search(text):
        return text
    text = _CONTROL.sub("", text.translate(_BRACKETS).replace("\n", " ").replace("\t", " "))
    return _FENCE.sub(" ", _BARE_TAG.sub(r"(\1", text))


def clean_name(name: str) -> str:
    """Return a speaker's name fit for a turn tag: one short line without brackets."""
    plain = " ".join(_NAME_JUNK.sub(" ", _CONTROL.sub("", name.translate(_BRACKETS))).split())
    return plain[:_NAME_LENGTH] or "?"


def tagged_lines(call: Call) -> list[str]:
    """Return a line per turn, as the model sees it: `[T012|buyer|Maria] words`."""
    tags = {p.id: f"|{p.side}|{clean_name(p.name)}] " for p in call.participants}
    return [
        f"[T{number:03d}{tags[turn.speaker]}{clean(turn.text)}"
        for number, turn in enumerate(call.turns)
    ]


def _random_marker() -> str:
    return secrets.token_hex(_MARKER_BYTES)


class BantPrompt:
    """The `extract_bant` prompt. Thread-safe; templates are compiled once."""

    def __init__(
        self, folder: Path = PROMPTS, *, marker: Callable[[], str] = _random_marker
    ) -> None:
        """Load the templates.

        Args:
            folder: holds `extract_bant/`.
            marker: returns a new random word for every request.

        Raises:
            ExtractionError: the folder or a template is missing or cannot be parsed.
        """
        self._marker = marker
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text for a model, never shown in a browser
            keep_trailing_newline=False,
        )
        try:
            self.system = environment.get_template("extract_bant/system.j2").render(
                date_kinds=[f'"{kind}"' for kind in DATE_KINDS]
            )
            source = (folder / "extract_bant" / "user.j2").read_text(encoding="utf-8")
            self._user = environment.from_string(source)
        except (jinja2.TemplateError, OSError) as error:
            raise ExtractionError(f"{folder}/extract_bant: {error}") from error
        self._digest = digest(self.system, source)

    @property
    def digest(self) -> str:
        """SHA-256 of all that does not change from call to call."""
        return self._digest

    @cached_property
    def system_tokens(self) -> int:
        """About how many tokens the static part takes; never too few."""
        return estimated_tokens(self.system)

    def render(self, call: Call, lines: Sequence[str], *, part: int = 0, parts: int = 0) -> Prompt:
        """Return the prompt for some of a call's lines.

        Args:
            call: for its date and language.
            lines: from `tagged_lines`.
            part: which part of a split call this is, from 1; 0 when it is not split.
            parts: how many parts there are.
        """
        user = self._user.render(
            marker=self._marker(),
            transcript="\n".join(lines),
            part=part,
            parts=parts,
            date=call.started_at.date().isoformat(),
            weekday=f"{call.started_at:%A}",
            language=clean_name(call.language),
        )
        return Prompt(system=self.system, user=user)


def estimated_tokens(text: str) -> int:
    """Return how many tokens `text` takes at most, without a tokeniser.

    English takes a token per four code points, other scripts up to one per code point.
    """
    wide = 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))
    return max(-(-len(text) // 3), wide)
