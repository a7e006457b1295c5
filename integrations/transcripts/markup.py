"""What stands in a caption beside its words: tags, entities, control characters."""

from __future__ import annotations

import re
from html import unescape

from integrations.speech import without_controls

_BREAK = re.compile(r"</?(?:br|p|div)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|c|code|em|font|i|lang|mark|rt|ruby|s|small|span|strong|sub|sup|u|v)"
    r"(?:[.\s][^<>]*)?/?>"
    r"|<\d{1,3}(?::\d{1,2}){1,2}(?:\.\d{1,3})?>"  # karaoke times of WebVTT
    r"|\{\\[^{}]*\}",  # styles of SubStation, as they stand in SRT
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def without_markup(text: str) -> str:
    """Return the words: tags that captions know are taken out, entities are what they stand for.

    Other angle brackets stay ("fewer than <3 weeks", "<laughs>"), because they may be words. An
    entity needs its semicolon: "R&D" and "terms&conditions" are words.
    """
    if "<" in text or "{" in text:
        text = _TAG.sub("", _BREAK.sub(" ", text))
    if "&" in text:
        text = without_controls(_ENTITY.sub(lambda found: unescape(found[0]), text))
    return text
