"""Builds llama.cpp's `llama-server` once and caches the binary outside the tree.

Run as `python tests/llama/build.py`; prints where the binary is. The source is the
llama.cpp that the sdist of llama-cpp-python carries, so that a package index is all
that is needed. About three minutes on two idle cores.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import platformdirs

SDIST_VERSION = "0.3.36"
_CMAKE_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=OFF",  # a binary tuned to this CPU dies with SIGILL on another one
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
    "-DCMAKE_C_FLAGS_RELEASE=-O2",
)


def cached_binary() -> Path:
    """Return where the binary of this version is kept, whether or not it is there."""
    cache = Path(platformdirs.user_cache_dir("bantam", appauthor=False))
    return cache / f"llama-server-{SDIST_VERSION}" / "llama-server"


def _run(*command: str | Path, cwd: Path) -> None:
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, stdout=sys.stderr)


def _source(folder: Path) -> Path:
    _run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-binary", ":all:", f"llama-cpp-python=={SDIST_VERSION}"),
        cwd=folder,
    )
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return next(p for p in folder.iterdir() if p.is_dir()) / "vendor" / "llama.cpp"


def build() -> Path:
    """Build the binary unless it is cached, and return its path.

    Raises:
        subprocess.CalledProcessError: the download or the build failed.
        FileNotFoundError: pip's archive, cmake or ninja is missing.
    """
    target = cached_binary()
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        source = _source(Path(scratch))
        _run("cmake", "-S", ".", "-B", "B", "-G", "Ninja", *_CMAKE_OPTIONS, cwd=source)
        jobs = str(min(os.cpu_count() or 1, 4))
        _run("cmake", "--build", "B", "--target", "llama-server", "-j", jobs, cwd=source)
        built = source / "B" / "bin" / "llama-server"
        _run("strip", built, cwd=source)
        shutil.copy(built, target.with_suffix(".part"))
        target.with_suffix(".part").replace(target)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")
