"""Where tests find things."""

from __future__ import annotations

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("BANTAM_SHARED", REPO.parent / "shared"))
GOLD = SHARED / "gold"
DATA = SHARED / "data"
SPECS = SHARED / "specs"
