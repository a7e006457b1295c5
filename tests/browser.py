"""A page in Chromium: with CI=true a missing browser is installed or a failure, else a skip."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Seen:
    """What a page did while a test looked at it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@cache
def chromium() -> str:
    """Return the browser's path; skips the test without one, fails it under CI=true."""
    found = _found()
    if found is None and os.environ.get("CI") == "true":
        if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
            subprocess.run(["apt-get", "update"], check=False, capture_output=True)
            install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
            subprocess.run(install, check=False, capture_output=True)
            found = _found()
        if found is None:
            pytest.fail("CI=true, and there is no Chromium; install the package chromium")
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    return found


def _found() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def page_of(address: Path | str, *, width: int, scheme: str = "light") -> Iterator[Seen]:
    """Open a file or address in a fresh browser.

    Args:
        address: a file, or a URL.
        width: of the window, CSS pixels.
        scheme: "light" or "dark".
    """
    url = address.as_uri() if isinstance(address, Path) else address
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        page = browser.new_page(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        seen = Seen(page)
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: _note(seen, request.url))
        page.goto(url)
        yield seen
        browser.close()


def _note(seen: Seen, url: str) -> None:
    if not url.startswith("data:"):
        seen.requests.append(url)
