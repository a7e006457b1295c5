"""A PostgreSQL server for tests: the one that is named, or a private one for this session.

BANTAM_TEST_POSTGRES_URL names a server whose user may create schemas. Otherwise a private
cluster is made in a temporary folder with the machine's own binaries. Where there are none:
under CI=true they are installed when root, else that is a failure; elsewhere the tests skip.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ENV_URL = "BANTAM_TEST_POSTGRES_URL"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the URL of a server; a private one ends with the block."""
    named = os.environ.get(ENV_URL)
    if named:
        yield named
        return
    binaries = _binaries() or _installed()
    # Not pytest's tmp_path: its parents are closed to the user that the server runs as, and a
    # socket's path must be shorter than 108 bytes.
    folder = Path(tempfile.mkdtemp(prefix="bantam-pg-"))
    try:
        with _cluster(binaries, folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _cluster(binaries: Path, folder: Path) -> Iterator[str]:
    data, log, port = folder / "data", folder / "log", _free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    initdb = [binaries / "initdb", "-D", data, "-U", "bantam", "-A", "trust", "-E", "UTF8"]
    _as_postgres([*initdb, "--locale=C", "--no-sync"])
    options = (
        f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        " -c synchronous_commit=off -c full_page_writes=off -c max_connections=100"
        " -c shared_buffers=32MB"
    )
    pg_ctl = [binaries / "pg_ctl", "-D", data, "-w"]
    _as_postgres([*pg_ctl, "-l", log, "-o", options, "start"])
    try:
        yield f"postgresql://bantam@127.0.0.1:{port}/postgres"
    finally:
        _as_postgres([*pg_ctl, "-m", "immediate", "stop"])


def _as_postgres(command: list[Path | str]) -> None:
    """Run a command as a user that PostgreSQL accepts: it refuses to run as root."""
    who = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    words = [str(word) for word in command]
    # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*who, *words] if os.geteuid() == 0 else words,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            pytest.fail(f"{' '.join(words)}: {output.read().decode(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return found[-1].parent if found else None


def _version(initdb: Path) -> float:
    return float(initdb.parents[1].name)


def _installed() -> Path:
    if os.environ.get("CI") != "true":
        pytest.skip(f"no PostgreSQL server: install postgresql, or set {ENV_URL}")
    if os.geteuid() != 0:
        pytest.fail(f"CI has no PostgreSQL server and is not root; set {ENV_URL}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "postgresql"]):
        subprocess.run(command, env=quiet, check=True, stdout=subprocess.DEVNULL, timeout=600)
    binaries = _binaries()
    assert binaries is not None, "apt-get install postgresql left no initdb"
    return binaries
