"""The system's Chromium: where it is, the options it is started with, and how all its processes are ended."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""Programs that are looked for on the ``PATH``, in this order."""

_PROC: Final = Path("/proc")
_OPTIONS: Final = (
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--blink-settings=imagesEnabled=false",
)


def browser_problem(setting: Path | None) -> str:
    """Return why no page can be rendered, as a sentence with its remedy. Empty if one can.

    ``setting`` is the path of the program, None to look for it on the ``PATH``.
    """
    if importlib.util.find_spec("playwright") is None:
        return "pages with `render: yes` need a browser's driver. Run: pip install 'wirecopy[browser]'"
    if find_chromium(setting) is None:
        where = f"{setting} is no program" if setting else "there is no Chromium on the PATH"
        return f"pages with `render: yes` need Chromium, and {where}. Install it, or name it in the setting chromium"
    return ""


def find_chromium(setting: Path | None) -> str | None:
    """Return the path of the browser, None if there is none. Nothing is ever downloaded."""
    if setting is not None:
        return shutil.which(setting)
    return next(filter(None, map(shutil.which, NAMES)), None)


def chromium_options(proxy: str) -> list[str]:
    """Return the options of a browser of which all traffic goes through the ``proxy`` at ``host:port``.

    Without ``<-loopback>`` it would connect to this machine past the proxy. It looks up no name itself.
    """
    return [f"--proxy-server=http://{proxy}", "--proxy-bypass-list=<-loopback>", *_OPTIONS]


def kill_browser(profile: Path) -> None:
    """Kill the process groups of the browser with this ``profile``. Nothing happens if it has ended.

    Its processes have the path in their command lines. Only Linux shows them; elsewhere closing must do.
    """
    mark, own_group = os.fsencode(profile), os.getpgrp()
    for process in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "cmdline").read_bytes():
                group = os.getpgid(int(process.name))
                if group != own_group:
                    os.killpg(group, signal.SIGKILL)
