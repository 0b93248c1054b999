"""Start Prefect and the flows as child processes. Imports neither, because that costs seconds.

::

    supervisor   a script that ends a command and all its children when the parent process is gone
    child        a supervised process with a log file
    port         a server as a child process on a port of this machine
    server       a private Prefect server
    web          the web interface
    flow         a flow in a child process, run once or many times
    up           ``wirecopy up``: Prefect server, runner and web interface until Ctrl-C
    steps        the extra step of ``prefect deploy``: create the automation
"""

from __future__ import annotations

from archive.launch.flow import FlowProcess, refresher, run_flow
from archive.launch.server import PrivateServer
from archive.launch.up import up
from archive.resources import resource_path

__all__ = ["FlowProcess", "PrivateServer", "refresher", "resource_path", "run_flow", "up"]
