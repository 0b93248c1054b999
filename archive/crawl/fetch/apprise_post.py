"""Notices through apprise, whose plugins open connections of their own: sent by a child process that the guard checks.

The child is ``python -m archive.crawl.fetch.apprise_post``: one notice in, one result out. It checks the IP address of
every connection at the moment Python opens it (PEP 578, audit hooks), below redirects and lookups. A hook cannot be
removed and would see all sockets of a process, so it has one of its own.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import archive
from archive.crawl.fetch.ssrf_guard import refusal_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from archive.crawl.fetch.policy import FetchPolicy

_SENDING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NOT_INSTALLED: Final = "not sent: this address needs apprise; install it with: pip install 'wirecopy[notify]'"
_NOT_KNOWN: Final = "not sent: apprise does not support this address; check the setting notify"


async def post_by_apprise(
    policy: FetchPolicy, receiver: str, title: str, text: str, *, seconds: float
) -> tuple[bool, str]:
    """Return True if apprise delivered a notice, and the result in words. Never raises for errors of the receiver.

    ``receiver`` is an address of apprise, such as ``mailto://...``. Connections to private addresses are refused unless
    ``policy`` allows or maps them. ``seconds`` limits the child, its start of about a second included.
    """
    notice = {
        "receiver": receiver,
        "title": title,
        "text": text,
        "allow_private": policy.allow_private,
        "mapped": [list(address) for address in policy.mapped_addresses()],
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "archive.crawl.fetch.apprise_post"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # may quote the receiver's address, which may hold a key
        cwd=Path(archive.__file__).parent.parent,  # so that it imports the same code as we do
    )
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await child.communicate(json.dumps(notice).encode())
    except TimeoutError:
        return False, f"apprise did not deliver it within {seconds:g} s"
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            child.kill()
        await child.wait()
    try:
        accepted, result = json.loads(answer)
    except ValueError:
        return False, "apprise failed; send to another kind of address"
    return accepted, result


def guard_process(*, allow_private: bool, mapped: Collection[tuple[str, int]] = ()) -> list[str]:
    """Refuse connections of this whole process to addresses that are not public, for as long as it lives.

    ``mapped`` are permitted pairs of IP address and port. Returns the list to which each refusal is added, in words.
    Sockets of this machine without an IP address, such as that of a desktop's notices, are not affected.
    """
    refusals: list[str] = []

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _SENDING or not isinstance(arguments[1], tuple):
            return
        host, port, *_ = arguments[1]
        if not isinstance(host, str) or (host, port) in mapped:  # numbers are addresses within this machine
            return
        try:
            reason = refusal_of(host, allow_private=allow_private)
        except ValueError:
            reason = "was not looked up before it was used"
        if reason:
            refusals.append(f"{host} {reason}")
            raise PermissionError(refusals[-1])

    sys.addaudithook(check)
    return refusals


def main() -> None:
    """Send one notice from standard input, and write the result to standard output."""
    notice = json.load(sys.stdin)
    mapped = {(host, port) for host, port in notice["mapped"]}
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        print(json.dumps([False, _NOT_INSTALLED]))  # noqa: T201
        return
    refusals = guard_process(allow_private=notice["allow_private"], mapped=mapped)
    sender = apprise.Apprise()
    if not sender.add(notice["receiver"]):
        result = [False, _NOT_KNOWN]
    elif sender.notify(title=notice["title"], body=notice["text"], body_format=apprise.NotifyFormat.TEXT):
        result = [True, "taken by apprise"]
    else:
        result = [False, f"not sent: {refusals[0]}" if refusals else "apprise could not deliver it"]
    print(json.dumps(result))  # noqa: T201


if __name__ == "__main__":
    main()
