"""The values of settings: the parser of each, and the form that its error message asks for.

A parser takes a raw value and the folder that paths are relative to. It raises ValueError or TypeError.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, tzinfo
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archive.settings.project_root import find_root
from archive.timestamps import DigestTime, QuietHours, parse_digest_time, parse_quiet_hours, parse_stamp, parse_zone
from db.dialect.server_address import parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY, _MOST = 86_400.0, 1024
_HOSTS: Final = r"(\*\.)?[\w-]+(\.[\w-]+)*"
_WEB: Final = r"https?://[!-+\--~]+"
_PUBLIC: Final = r"https?://(?!.*[?])[!-+\--~]*[!-+\--.0-~]"
# Sent in a header of every request, so it is printable ASCII without spaces.
_CONTACT: Final = r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+|https?://[!-.0-~]+\.[!-~]+"
_ANY: Final = r"[a-z][a-z0-9+.-]*://[!-+\--~]+"
_PLACE: Final = r"(git\+(https?|ssh|file)|smtps?|file)://[!-+\--~]+"
_OBJECTS: Final = r"(?:(?:s3|gs|az)://[\w.-]+(?:/[\w.~%-]+)*|file://(?:/[\w.~%-]+)+)"
_WITNESS: Final = r"https?://[!-\"$-+\--~]+#[^+\s]+\+[0-9a-f]{8}\+[\w+/=]+"


def _parse_path(value: object, folder: Path) -> Path:
    text = str(value) if isinstance(value, (str, Path)) else ""
    if not text or "://" in text or text == ":memory:" or "\0" in text:
        raise ValueError
    return Path(os.path.normpath(folder / Path(text).expanduser()))


def _text_parser(pattern: str) -> Callable[[object, Path], str]:
    """Return a parser of a text like ``pattern``."""

    def parse(value: object, _: Path) -> str:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise ValueError

    return parse


def _parse_resolve(value: object, _: Path) -> tuple[tuple[str, str], ...]:
    """Parse ``a=b,c=d``, a TOML table, or pairs."""
    pairs: list[Any]
    match value:
        case str():
            pairs = [part.split("=", 1) for part in value.split(",") if part.strip()]
        case dict():
            pairs = list(value.items())
        case tuple() | list():
            pairs = list(value)
        case _:
            raise TypeError
    return tuple(_parse_mapping(*pair) for pair in pairs)


def _parse_mapping(pattern: object, target: object) -> tuple[str, str]:
    pattern, target = str(pattern).strip().lower(), str(target).strip()
    host, _, port = target.rpartition(":")
    is_pattern = re.fullmatch(rf"\*|{_HOSTS}", pattern)
    if not is_pattern or not host or re.search(r"[\s/@,=]", target) or not 0 < int(port) < 2**16:
        raise ValueError
    return pattern, target


def _parse_yes_no(value: object, _: Path) -> bool:
    word = str(value).lower()  # TOML's true and false are "True" and "False" here
    if word in {"yes", "true", "on", "1"}:
        return True
    if word in {"no", "false", "off", "0"}:
        return False
    raise ValueError


def _seconds_parser(lowest: float) -> Callable[[object, Path], float]:
    def parse(value: object, _: Path) -> float:
        number = float(_number(value))
        if not lowest <= number <= _DAY:
            raise ValueError
        return number

    return parse


def _number(value: object) -> Any:
    """Return the value if it is a number (from TOML) or text (from the environment). A bool is not a number here."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError
    return value


def _parse_bytes(value: object, _: Path) -> int:
    match = re.fullmatch(r"(\d+) ?(|KiB|MiB|GiB)", str(_number(value)), re.IGNORECASE)
    if match is None or int(match[1]) == 0:
        raise ValueError
    return int(match[1]) << 10 * ("", "kib", "mib", "gib").index(match[2].lower())


def _parse_count(value: object, _: Path) -> int:
    number = int(str(_number(value)))
    if not 1 <= number <= _MOST:
        raise ValueError
    return number


def _parse_objects(value: object, _: Path) -> str:
    """Parse the address of a place for packs. Its keys are in the environment, never in the address."""
    text = str(value).rstrip("/")
    if not re.fullmatch(_OBJECTS, text):
        raise ValueError
    return text


def _parse_clock(value: object, _: Path) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, (str, date)):
        return parse_stamp(str(value))
    raise TypeError


def _parse_time_zone(value: object, _: Path) -> tzinfo:
    if isinstance(value, tzinfo):
        return value
    return UTC if value == "UTC" else parse_zone(str(value))


def _list_parser(pattern: str, most: float = inf) -> Callable[[object, Path], tuple[str, ...]]:
    """Return a parser of ``a,b`` or a TOML list with members like ``pattern``. A comma in an address is written %2C."""

    def parse(value: object, _: Path) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)):
            raise TypeError
        members = tuple(str(part).strip() for part in parts)
        if len(members) > most or not all(re.fullmatch(pattern, member) for member in members):
            raise ValueError
        return members

    return parse


def _schedule_parser(kind: type, parse: Callable[[str], object]) -> Callable[[object, Path], object]:
    return lambda value, _: value if isinstance(value, kind) else parse(str(value))


PARSERS: Final[dict[str, tuple[str, Callable[[object, Path], object]]]] = {
    "db": (
        "the path of a file, or postgresql://HOST/NAME, for example data/archive.db",
        lambda value, folder: parse_address(value, find_root(folder) / "data") or _parse_path(value, folder),
    ),
    "index": ("the path of a file, for example seeds/INDEX.md", _parse_path),
    "contact": ("a mail address or URL, for example you@example.org", _text_parser(_CONTACT)),
    "resolve": ('host pattern and address:port, for example "*.example=127.0.0.1:8080"', _parse_resolve),
    "allow_private": ("yes or no", _parse_yes_no),
    "tls_unverified": ("names of hosts, for example old.example or *.old.example", _list_parser(_HOSTS)),
    "min_gap": ("seconds from 0 to 86400, for example 1.5", _seconds_parser(0.0)),
    "deadline": ("seconds from 0.1 to 86400, for example 60", _seconds_parser(0.1)),
    "max_wire": ("a number of bytes, for example 10MiB", _parse_bytes),
    "max_payload": ("a number of bytes, for example 20MiB", _parse_bytes),
    "lanes": ("a whole number from 1 to 1024, for example 32", _parse_count),
    "per_address": ("a whole number from 1 to 1024, for example 4", _parse_count),
    "probe": ("yes or no", _parse_yes_no),
    "chromium": ("the path of a program, for example /usr/bin/chromium", _parse_path),
    "fast": ("yes or no", _parse_yes_no),
    "workers": ("a whole number from 1 to 1024, for example 4", _parse_count),
    "objects": ("a bucket or folder: s3://bucket/folder or file:///mnt/disk/pages", _parse_objects),
    "clock": ("an instant, for example 2026-01-05T08:00:00Z", _parse_clock),
    "time_zone": ("a name of the IANA database, for example Europe/Berlin", _parse_time_zone),
    "archives": ("beginnings of addresses, for example https://archive.example/timemap/link/", _list_parser(_WEB)),
    "authorities": ("one to three addresses: https://tsa.example/tsr", _list_parser(_WEB, 3)),
    "checkpoints_to": ("addresses git+ssh://, git+https://, smtp:// or file:///mnt/disk/log.txt", _list_parser(_PLACE)),
    "witnesses": ("addresses with keys: https://witness.example#name+id+key", _list_parser(_WITNESS, 8)),
    "notify": ("addresses, for example https://hooks.example/news or ntfy://topic", _list_parser(_ANY)),
    "notify_quiet": ("hours of a day: 22:00-07:00 Europe/Berlin", _schedule_parser(QuietHours, parse_quiet_hours)),
    "digest": ("addresses, for example smtp://mail.example?from=a@b.example&to=you@b.example", _list_parser(_ANY)),
    "digest_at": ("daily 07:30 or weekly monday 07:30 Europe/Berlin", _schedule_parser(DigestTime, parse_digest_time)),
    "public_url": ("an address without a final slash, for example https://archive.example", _text_parser(_PUBLIC)),
    "notify_secret": ("at least 16 characters", _text_parser(r"(?s).{16,}")),  # 80 bits even if a person made it up
    "proxy_user_header": ("the name of a header, for example X-Forwarded-User", _text_parser(r"[A-Za-z0-9-]+")),
    "proxy_addresses": ("addresses or networks, for example 127.0.0.1", _list_parser(r"[0-9A-Fa-f:.]+(/\d{1,3})?")),
}
"""The expected form and the parser of each setting."""
