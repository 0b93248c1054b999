"""Start Prefect and the flows as child processes. Imports neither: they cost seconds, and belong to ``flows/``.

::

    keeper    a script that ends a command, and all it started, when its parent goes in whatever way
    child     a process under a keeper, with a log
    shipped   where flows/, prefect.yaml and prefect.toml are: in a clone, or in a wheel
    server    a private Prefect server
    flow      run a flow in a child process, once or again and again
    pages     the web interface
    up        wirecopy up: server, runner and pages until Ctrl-C
    steps     what `prefect deploy` does besides: create the automation
"""

from __future__ import annotations

from archive.launch.flow import FlowProcess, rounds, run_flow
from archive.launch.server import PrivateServer
from archive.launch.up import up
from archive.resources import resource_path

__all__ = ["FlowProcess", "PrivateServer", "resource_path", "rounds", "run_flow", "up"]
