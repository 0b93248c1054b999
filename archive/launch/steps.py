"""The extra step of ``prefect deploy``, named in ``prefect.yaml``."""

from __future__ import annotations

import subprocess
import sys

from archive.resources import resource_path


def create_automation() -> None:
    """Create or update the automation that ends runs whose process is gone.

    Uses a child process, because only ``flows/`` may import Prefect. Raises `subprocess.CalledProcessError`.
    """
    subprocess.run([sys.executable, resource_path("flows") / "_guard.py"], check=True)  # noqa: S603 - our own script
