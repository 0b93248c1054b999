"""Prefect for tests: imported with a home of its own and with ``flows/`` on the path, as a runner would have it.

Import this before anything of Prefect's: importing Prefect creates its home, and a test must not touch the user's.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

HOME = tempfile.mkdtemp(prefix="wirecopy-prefect-")
"""Prefect's home in this process, removed when the tests end. Servers and flows of the tests have theirs elsewhere."""

atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["PREFECT_HOME"] = HOME
os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"
sys.path.insert(0, str(ROOT / "flows"))
