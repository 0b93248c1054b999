"""Every setting there is, read in one place: defaults < ``wirecopy.toml`` < ``WIRECOPY_*`` < argument.

::

    name           default                  environment             what it is
    db             ROOT/data/archive.db     WIRECOPY_DB             the archive, one SQLite file
    index          ROOT/seeds/INDEX.md      WIRECOPY_INDEX          the seed index
    contact        none                     WIRECOPY_CONTACT        mail address or URL, told to every site visited
    resolve        none                     WIRECOPY_RESOLVE        "*.example=127.0.0.1:8080": names served elsewhere
    allow_private  no                       WIRECOPY_ALLOW_PRIVATE  may private and loopback addresses be visited?
    tls_unverified none                     WIRECOPY_TLS_UNVERIFIED hosts whose certificates nobody needs to vouch for
    min_gap        1 s                      WIRECOPY_MIN_GAP        between two requests to one origin
    deadline       60 s                     WIRECOPY_DEADLINE       for one fetch with all its redirects
    max_wire       10MiB                    WIRECOPY_MAX_WIRE       bytes taken from the network for one page
    max_payload    20MiB                    WIRECOPY_MAX_PAYLOAD    bytes of one page after decoding
    lanes          32                       WIRECOPY_LANES          origins visited at once
    per_address    4                        WIRECOPY_PER_ADDRESS    requests at once to one server, whatever its hosts
    probe          yes                      WIRECOPY_PROBE          may a site be asked for a page that cannot exist?
    fast           no                       WIRECOPY_FAST           read pages in one cheaper pass, a little less exact?
    clock          none                     WIRECOPY_CLOCK          a fixed instant instead of the real clock
    archives       none                     WIRECOPY_ARCHIVES       web archives to backfill from: TimeMaps, CDX servers
    notify         none                     WIRECOPY_NOTIFY         whom to tell of changes: webhooks, apprise's
    notify_secret  none                     WIRECOPY_NOTIFY_SECRET  what webhooks are signed with; not in the file

ROOT is the nearest folder upward from the working directory that holds ``seeds/INDEX.md`` or ``wirecopy.toml``. Paths
in the file count from the file's folder, all others from the working directory. An empty variable counts as not set.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archive.timestamps import iso, parse_stamp
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE_NAME: Final = "wirecopy.toml"
"""The settings file, beside ``seeds/``."""

PREFIX: Final = "WIRECOPY_"
"""What the name of every environment variable of ours starts with."""

_DAY: Final = 86_400.0
_MOST_LANES: Final = 1024
_HOSTS: Final = r"(\*\.)?[\w-]+(\.[\w-]+)*"
_WEB: Final = r"https?://[!-+\--~]+"
_ANY: Final = r"[a-z][a-z0-9+.-]*://[!-+\--~]+"
_SHORTEST_SECRET: Final = 16  # characters: 80 bits even where a person made it up of letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, checked. Seconds and bytes are plain numbers; paths are absolute.

    ``resolve`` pairs a host pattern with ``address:port``. ``came_from`` holds (name, value shown, where it was set).
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
    fast: bool = False
    clock: datetime | None = None
    archives: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    notify_secret: str | None = None
    came_from: tuple[tuple[str, str, str], ...] = ()

    def now(self) -> datetime:
        """The present, aware UTC: the fixed ``clock`` if there is one, else the real one."""
        return self.clock or datetime.now(UTC)

    def wall(self) -> datetime:
        """The real clock, whatever ``clock`` says: a lease must lapse in real time."""
        return datetime.now(UTC)


def from_process(overrides: Mapping[str, object] | None = None) -> Settings:
    """Settings of this process: its environment, its working directory, and what was typed. Raises `ConfigError`."""
    try:
        start = Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError("the working directory no longer exists; change to one that does") from error
    return load_settings(os.environ, start=start, overrides=overrides)


def load_settings(
    environ: Mapping[str, str], *, start: Path, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Settings for a process standing in ``start`` with that environment. ``overrides`` win; a None there is not given.

    Raises `ConfigError` naming setting, value and where it was set; also for names that are no setting.
    """
    start = start.absolute()
    root = find_root(start)
    given = _from_file(root / FILE_NAME) | _from_environ(environ, start) | _from_overrides(overrides or {}, start)
    values: dict[str, Any] = {"db": root / "data" / "archive.db", "index": root / "seeds" / "INDEX.md"}
    values |= {name: one.read(name) for name, one in given.items()}
    settings = Settings(root=root, **values)
    return _with_origins(settings, {name: one.where for name, one in given.items()}, start)


def find_root(start: Path) -> Path:
    """The project: the nearest folder from ``start`` upward with a seed index or a settings file, else ``start``."""
    for folder in (start, *start.parents):
        if (folder / "seeds" / "INDEX.md").is_file() or (folder / FILE_NAME).is_file():
            return folder
    return start


def to_environ(settings: Settings) -> dict[str, str]:
    """The ``WIRECOPY_*`` variables under which a child process of the same project gets these same settings."""
    shown = {name: _write(getattr(settings, name)) for name in _READERS}
    return {PREFIX + name.upper(): text for name, text in shown.items() if text}


# --- where values come from ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Given:
    """A value as somebody wrote it, the folder its paths count from, and where it was written."""

    value: object
    folder: Path
    where: str

    def read(self, name: str) -> Any:
        expected, reader = _READERS[name]
        try:
            return reader(self.value, self.folder)
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigError(f"{name} = {self.value!r} ({self.where}): expected {expected}") from error


def _from_file(path: Path) -> dict[str, _Given]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); mend its permissions or move it away") from error
    except ValueError as error:  # not TOML, or not even UTF-8
        raise ConfigError(f'{path}: not valid TOML ({error}); write lines like contact = "you@example.org"') from error
    for name in content:
        _refuse_unknown(name, known=list(_READERS), where=str(path))
        if name == "notify_secret":
            raise ConfigError(f"{name} ({path}): a secret has no place in a shared file; set {PREFIX}{name.upper()}")
    return {name: _Given(value, path.parent, str(path)) for name, value in content.items()}


def _from_environ(environ: Mapping[str, str], start: Path) -> dict[str, _Given]:
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in ours:
        _refuse_unknown(name, known=[PREFIX + known.upper() for known in _READERS], where="environment")
    return {
        name.removeprefix(PREFIX).lower(): _Given(value.strip(), start, name)
        for name, value in ours.items()
        if value.strip()
    }


def _from_overrides(overrides: Mapping[str, object], start: Path) -> dict[str, _Given]:
    for name in overrides:
        _refuse_unknown(name, known=list(_READERS), where="argument")
    return {name: _Given(value, start, "argument") for name, value in overrides.items() if value is not None}


def _refuse_unknown(name: str, *, known: list[str], where: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1)
        todo = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise ConfigError(f"{name} ({where}): no such setting; {todo}")


def _with_origins(settings: Settings, origins: Mapping[str, str], start: Path) -> Settings:
    """``settings`` with ``came_from`` filled in."""
    found = "found from " + str(start) if settings.root != start else "working directory"
    rows = [("root", str(settings.root), found)]
    rows += [(name, _shown(name, getattr(settings, name)), origins.get(name, "default")) for name in _READERS]
    fields = {name: getattr(settings, name) for name in ("root", *_READERS)}
    return Settings(**fields, came_from=tuple(rows))


def _shown(name: str, value: object) -> str:
    """A value for people to see; of what may hold a key only that it is set."""
    if name in {"notify", "notify_secret"} and value:
        return "set, not shown"
    return _write(value) or "none"


def _write(value: object) -> str:
    """A value as it would be typed into the environment; empty for none."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return iso(value)
        case tuple():
            return ",".join(one if isinstance(one, str) else "=".join(one) for one in value)
        case _:
            return str(value)


# --- one reader a shape: the value as written -> the value as used; ValueError or TypeError when it does not fit ------


def _path(value: object, folder: Path) -> Path:
    text = str(value) if isinstance(value, (str, Path)) else ""
    if not text or "://" in text or text == ":memory:" or "\0" in text:
        raise ValueError
    return Path(os.path.normpath(folder / Path(text).expanduser()))


def _contact(value: object, _: Path) -> str:
    """It travels in a header of every request: printable ASCII without spaces, and of use to a webmaster."""
    mail, url = r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+", r"https?://[!-.0-~]+\.[!-~]+"
    if isinstance(value, str) and re.fullmatch(f"{mail}|{url}", value):
        return value
    raise ValueError


def _resolve(value: object, _: Path) -> tuple[tuple[str, str], ...]:
    """From ``a=b,c=d``, from a TOML table, or from pairs."""
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
    return tuple(_mapping(*pair) for pair in pairs)


def _mapping(pattern: object, target: object) -> tuple[str, str]:
    pattern, target = str(pattern).strip().lower(), str(target).strip()
    host, _, port = target.rpartition(":")
    named = re.fullmatch(rf"\*|{_HOSTS}", pattern)
    if not named or not host or re.search(r"[\s/@,=]", target) or not 0 < int(port) < 2**16:
        raise ValueError
    return pattern, target


def _yes_no(value: object, _: Path) -> bool:
    word = str(value).lower()  # TOML's true and false read "True" and "False" here
    if word in {"yes", "true", "on", "1"}:
        return True
    if word in {"no", "false", "off", "0"}:
        return False
    raise ValueError


def _seconds(lowest: float) -> Callable[[object, Path], float]:
    def read(value: object, _: Path) -> float:
        number = float(_number(value))
        if not lowest <= number <= _DAY:
            raise ValueError
        return number

    return read


def _number(value: object) -> Any:
    """TOML gives numbers, the environment text; true and false are not numbers here."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError
    return value


def _bytes(value: object, _: Path) -> int:
    match = re.fullmatch(r"(\d+) ?(|KiB|MiB|GiB)", str(_number(value)), re.IGNORECASE)
    if match is None or int(match[1]) == 0:
        raise ValueError
    return int(match[1]) << 10 * ("", "kib", "mib", "gib").index(match[2].lower())


def _lanes(value: object, _: Path) -> int:
    number = int(str(_number(value)))
    if not 1 <= number <= _MOST_LANES:
        raise ValueError
    return number


def _clock(value: object, _: Path) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, (str, date)):
        return parse_stamp(str(value))
    raise TypeError


def _each(shape: str) -> Callable[[object, Path], tuple[str, ...]]:
    """A reader of ``a,b`` or a TOML list whose members all have this shape; a comma in an address is written %2C."""

    def read(value: object, _: Path) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)):
            raise TypeError
        found = tuple(str(part).strip() for part in parts)
        if not all(re.fullmatch(shape, one) for one in found):
            raise ValueError
        return found

    return read


def _secret(value: object, _: Path) -> str:
    if isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        return value
    raise ValueError


_READERS: Final[dict[str, tuple[str, Callable[[object, Path], object]]]] = {
    "db": ("the path of a file, for example data/archive.db", _path),
    "index": ("the path of a file, for example seeds/INDEX.md", _path),
    "contact": ("a mail address or URL, for example you@example.org", _contact),
    "resolve": ('host pattern and address:port, for example "*.example=127.0.0.1:8080"', _resolve),
    "allow_private": ("yes or no", _yes_no),
    "tls_unverified": ("names of hosts, for example old.example or *.old.example", _each(_HOSTS)),
    "min_gap": ("seconds from 0 to 86400, for example 1.5", _seconds(0.0)),
    "deadline": ("seconds from 0.1 to 86400, for example 60", _seconds(0.1)),
    "max_wire": ("a number of bytes, for example 10MiB", _bytes),
    "max_payload": ("a number of bytes, for example 20MiB", _bytes),
    "lanes": ("a whole number from 1 to 1024, for example 32", _lanes),
    "per_address": ("a whole number from 1 to 1024, for example 4", _lanes),
    "probe": ("yes or no", _yes_no),
    "fast": ("yes or no", _yes_no),
    "clock": ("an instant, for example 2026-01-05T08:00:00Z", _clock),
    "archives": ("beginnings of addresses, for example https://archive.example/timemap/link/", _each(_WEB)),
    "notify": ("addresses, for example https://hooks.example/news or ntfy://topic", _each(_ANY)),
    "notify_secret": ("at least 16 characters", _secret),
}
