"""All settings, read in one place: defaults < ``wirecopy.toml`` < ``WIRECOPY_*`` < argument.

::

    name           default                  environment             what it is
    db             ROOT/data/archive.db     WIRECOPY_DB             the archive: one SQLite file, or postgresql://
    index          ROOT/seeds/INDEX.md      WIRECOPY_INDEX          the seed index
    contact        none                     WIRECOPY_CONTACT        mail address or URL, sent to every site visited
    resolve        none                     WIRECOPY_RESOLVE        "*.example=127.0.0.1:8080": hosts served elsewhere
    allow_private  no                       WIRECOPY_ALLOW_PRIVATE  allow visits to private and loopback addresses
    tls_unverified none                     WIRECOPY_TLS_UNVERIFIED hosts whose certificates are not verified
    min_gap        1 s                      WIRECOPY_MIN_GAP        between two requests to one origin
    deadline       60 s                     WIRECOPY_DEADLINE       for one fetch with all its redirects
    max_wire       10MiB                    WIRECOPY_MAX_WIRE       bytes read from the network for one page
    max_payload    20MiB                    WIRECOPY_MAX_PAYLOAD    bytes of one page after decoding
    lanes          32                       WIRECOPY_LANES          origins visited at once
    per_address    4                        WIRECOPY_PER_ADDRESS    requests at once to one server, whatever its hosts
    probe          yes                      WIRECOPY_PROBE          request a page that cannot exist, to find soft 404s
    chromium       found on the PATH        WIRECOPY_CHROMIUM       the browser of rows with `render: yes`
    fast           no                       WIRECOPY_FAST           extract in one cheaper pass, a little less exact
    workers        one a processor          WIRECOPY_WORKERS        processes that extract and compare
    clock          none                     WIRECOPY_CLOCK          a fixed instant instead of the real clock
    archives       none                     WIRECOPY_ARCHIVES       web archives to backfill from: TimeMaps, CDX servers
    authorities    none                     WIRECOPY_AUTHORITIES    time-stamping authorities (RFC 3161), at most three
    checkpoints_to none                     WIRECOPY_CHECKPOINTS_TO repositories, mail, files that get checkpoints
    witnesses      none                     WIRECOPY_WITNESSES      witnesses that cosign checkpoints, with their keys
    notify         none                     WIRECOPY_NOTIFY         addresses to notify of changes: webhooks, apprise's
    notify_quiet   none                     WIRECOPY_NOTIFY_QUIET   "22:00-07:00 Europe/Berlin": notices wait then
    digest         none                     WIRECOPY_DIGEST         receivers of one message a day or week
    digest_at      daily 07:00              WIRECOPY_DIGEST_AT      "daily 07:30", "weekly monday 07:30 Europe/Berlin"
    public_url     none                     WIRECOPY_PUBLIC_URL     address of the web interface, for links in notices
    notify_secret  none                     WIRECOPY_NOTIFY_SECRET  key that signs webhooks; not allowed in the file
    proxy_user_header none                  WIRECOPY_PROXY_USER_HEADER header in which a proxy names its user
    proxy_addresses none                    WIRECOPY_PROXY_ADDRESSES addresses of that proxy; from others it is ignored

ROOT is the nearest folder upward from the working directory that has ``seeds/INDEX.md`` or ``wirecopy.toml``. Paths in
the file are relative to its folder, all others to the working directory. An empty variable counts as not set.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archive.timestamps import DigestTime, QuietHours, iso, parse_digest_time, parse_quiet_hours, parse_stamp
from db.dialect.server_address import ServerAddress, masked, parse_address
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE_NAME: Final = "wirecopy.toml"
"""The name of the settings file, next to ``seeds/``."""

PREFIX: Final = "WIRECOPY_"
"""The prefix of all our environment variables."""

DIGEST_AT: Final = DigestTime(minute=7 * 60)
"""The time of the digest unless it is set: every day at 7:00 UTC."""

_DAY, _MOST = 86_400.0, 1024
_HOSTS: Final = r"(\*\.)?[\w-]+(\.[\w-]+)*"
_WEB: Final = r"https?://[!-+\--~]+"
_PUBLIC: Final = r"https?://(?!.*[?])[!-+\--~]*[!-+\--.0-~]"
# Sent in a header of every request, so it is printable ASCII without spaces.
_CONTACT: Final = r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+|https?://[!-.0-~]+\.[!-~]+"
_ANY: Final = r"[a-z][a-z0-9+.-]*://[!-+\--~]+"
_PLACE: Final = r"(git\+(https?|ssh|file)|smtps?|file)://[!-+\--~]+"
_WITNESS: Final = r"https?://[!-\"$-+\--~]+#[^+\s]+\+[0-9a-f]{8}\+[\w+/=]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, validated. Seconds and bytes are plain numbers, paths are absolute.

    ``resolve`` pairs a host pattern with ``address:port``. ``origins`` has (name, displayed value, place it was set).
    """

    root: Path
    db: Path
    index: Path
    contact: str | None = None
    resolve: tuple[tuple[str, str], ...] = ()
    allow_private: bool = False
    tls_unverified: tuple[str, ...] = ()
    min_gap: float = 1.0
    deadline: float = 60.0
    max_wire: int = 10 * 2**20
    max_payload: int = 20 * 2**20
    lanes: int = 32
    per_address: int = 4
    probe: bool = True
    chromium: Path | None = None
    fast: bool = False
    workers: int | None = None
    clock: datetime | None = None
    archives: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    checkpoints_to: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    notify_quiet: QuietHours | None = None
    digest: tuple[str, ...] = ()
    digest_at: DigestTime = DIGEST_AT
    public_url: str | None = None
    notify_secret: str | None = None
    proxy_user_header: str | None = None
    proxy_addresses: tuple[str, ...] = ()
    origins: tuple[tuple[str, str, str], ...] = ()
    salt = staticmethod(lambda: secrets.token_bytes(16))  # of a new capture

    def now(self) -> datetime:
        """Return the current time, aware UTC: the fixed ``clock`` if set, else the real one."""
        return self.clock or datetime.now(UTC)

    def wall(self) -> datetime:
        """Return the real time, whatever ``clock`` is, because a lease must expire in real time."""
        return datetime.now(UTC)


def from_process(overrides: Mapping[str, object] | None = None) -> Settings:
    """Return the settings of this process: environment, working directory, ``overrides``. Raises `ConfigError`."""
    try:
        start = Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError("the working directory no longer exists; change to one that does") from error
    return load_settings(os.environ, start=start, overrides=overrides)


def load_settings(
    environ: Mapping[str, str], *, start: Path, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Return the settings of a process in folder ``start`` with environment ``environ``.

    ``overrides`` win, except None values. Raises `ConfigError` with setting, value and place for an invalid value or an
    unknown name.
    """
    start = start.absolute()
    root = find_root(start)
    raw_values = _from_file(root / FILE_NAME) | _from_environ(environ, start) | _from_overrides(overrides or {}, start)
    values: dict[str, Any] = {"db": root / "data" / "archive.db", "index": root / "seeds" / "INDEX.md"}
    values |= {name: raw_value.parse(name) for name, raw_value in raw_values.items()}
    settings = Settings(root=root, **values)
    return _with_origins(settings, {name: raw_value.origin for name, raw_value in raw_values.items()}, start)


def find_root(start: Path) -> Path:
    """Return the nearest folder from ``start`` upward with a seed index or a settings file, else ``start``."""
    for folder in (start, *start.parents):
        if (folder / "seeds" / "INDEX.md").is_file() or (folder / FILE_NAME).is_file():
            return folder
    return start


def to_environ(settings: Settings) -> dict[str, str]:
    """Return the ``WIRECOPY_*`` variables that give a child process of the same project these settings."""
    texts = {name: _format(getattr(settings, name)) for name in _PARSERS}
    return {PREFIX + name.upper(): text for name, text in texts.items() if text}


# --- sources of values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RawValue:
    """A value before parsing, the folder its paths are relative to, and the place it was set."""

    value: object
    folder: Path
    origin: str

    def parse(self, name: str) -> Any:
        expected, parser = _PARSERS[name]
        try:
            return parser(self.value, self.folder)
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigError(f"{name} = {masked(self.value)!r} ({self.origin}): expected {expected}") from error


def _from_file(path: Path) -> dict[str, _RawValue]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); fix its permissions or move it away") from error
    except ValueError as error:  # not TOML, or not even UTF-8
        raise ConfigError(f'{path}: not valid TOML ({error}); write lines like contact = "you@example.org"') from error
    for name in content:
        _refuse_unknown(name, known=list(_PARSERS), origin=str(path))
        if name == "notify_secret":
            raise ConfigError(f"{name} ({path}): a secret must not be in a shared file; set {PREFIX}{name.upper()}")
    return {name: _RawValue(value, path.parent, str(path)) for name, value in content.items()}


def _from_environ(environ: Mapping[str, str], start: Path) -> dict[str, _RawValue]:
    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in variables:
        _refuse_unknown(name, known=[PREFIX + setting.upper() for setting in _PARSERS], origin="environment")
    return {
        name.removeprefix(PREFIX).lower(): _RawValue(value.strip(), start, name)
        for name, value in variables.items()
        if value.strip()
    }


def _from_overrides(overrides: Mapping[str, object], start: Path) -> dict[str, _RawValue]:
    for name in overrides:
        _refuse_unknown(name, known=list(_PARSERS), origin="argument")
    return {name: _RawValue(value, start, "argument") for name, value in overrides.items() if value is not None}


def _refuse_unknown(name: str, *, known: list[str], origin: str) -> None:
    if name not in known:
        matches = get_close_matches(name, known, n=1)
        hint = f"did you mean {matches[0]}?" if matches else f"known are {', '.join(known)}"
        raise ConfigError(f"{name} ({origin}): no such setting; {hint}")


def _with_origins(settings: Settings, origins: Mapping[str, str], start: Path) -> Settings:
    """Return ``settings`` with the field ``origins`` filled in."""
    root_origin = "found from " + str(start) if settings.root != start else "working directory"
    rows = [("root", str(settings.root), root_origin)]
    rows += [(name, _display(name, getattr(settings, name)), origins.get(name, "default")) for name in _PARSERS]
    return replace(settings, origins=tuple(rows))


def _display(name: str, value: object) -> str:
    """Return a value for display. Settings that may contain a key are only displayed as set."""
    if name in {"notify", "digest", "notify_secret", "checkpoints_to"} and value:
        return "set, not shown"
    return _format(masked(value)) or "none"


def _format(value: object) -> str:
    """Return a value as it is written in the environment, or an empty string for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return iso(value)
        case tuple():
            return ",".join(member if isinstance(member, str) else "=".join(member) for member in value)
        case _:
            return value.url if isinstance(value, ServerAddress) else str(value)


# --- parsers: raw value and folder -> value; they raise ValueError or TypeError --------------------------------------


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


def _parse_clock(value: object, _: Path) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, (str, date)):
        return parse_stamp(str(value))
    raise TypeError


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


_PARSERS: Final[dict[str, tuple[str, Callable[[object, Path], object]]]] = {
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
    "clock": ("an instant, for example 2026-01-05T08:00:00Z", _parse_clock),
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
