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
    objects        none                     WIRECOPY_OBJECTS        bucket or folder that gets saved pages in packs
    clock          none                     WIRECOPY_CLOCK          a fixed instant instead of the real clock
    time_zone      UTC                      WIRECOPY_TIME_ZONE      "Europe/Berlin": of times that people read and type
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
import secrets
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archive.settings.project_root import FILE_NAME, find_root
from archive.settings.setting_values import PARSERS
from archive.timestamps import DigestTime, QuietHours, iso
from db.dialect.server_address import ServerAddress, masked
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE_NAME", "PREFIX", "Settings", "find_root", "from_process", "load_settings", "to_environ"]

PREFIX: Final = "WIRECOPY_"
"""The prefix of all our environment variables."""

LEASE: Final = timedelta(seconds=90)
"""The term of a lease without renewal. A dead process on this machine is noticed at once, one elsewhere after this."""

DIGEST_AT: Final = DigestTime(minute=7 * 60)
"""The time of the digest unless it is set: every day at 7:00 of ``time_zone``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, validated. Seconds and bytes are plain numbers, paths are absolute.

    ``resolve`` pairs a host pattern with ``address:port``. ``origins`` has (name, displayed value, place it was set).
    ``lease`` is the same for all runs, and no setting that people make.
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
    objects: str | None = None
    clock: datetime | None = None
    time_zone: tzinfo = UTC
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
    lease: timedelta = LEASE
    salt = staticmethod(lambda: secrets.token_bytes(16))  # of a new capture

    def now(self) -> datetime:
        """Return the current time, aware UTC: the fixed ``clock`` if set, else the real one."""
        return self.clock or datetime.now(UTC)

    def local_now(self) -> datetime:
        """Return the current time in ``time_zone``, in which a person's dates and times without a zone are read."""
        return self.now().astimezone(self.time_zone)

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


def to_environ(settings: Settings) -> dict[str, str]:
    """Return the ``WIRECOPY_*`` variables that give a child process of the same project these settings."""
    texts = {name: _format(getattr(settings, name)) for name in PARSERS}
    return {PREFIX + name.upper(): text for name, text in texts.items() if text}


# --- sources of values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RawValue:
    """A value before parsing, the folder its paths are relative to, and the place it was set."""

    value: object
    folder: Path
    origin: str

    def parse(self, name: str) -> Any:
        expected, parser = PARSERS[name]
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
        _refuse_unknown(name, known=list(PARSERS), origin=str(path))
        if name == "notify_secret":
            raise ConfigError(f"{name} ({path}): a secret must not be in a shared file; set {PREFIX}{name.upper()}")
    return {name: _RawValue(value, path.parent, str(path)) for name, value in content.items()}


def _from_environ(environ: Mapping[str, str], start: Path) -> dict[str, _RawValue]:
    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in variables:
        _refuse_unknown(name, known=[PREFIX + setting.upper() for setting in PARSERS], origin="environment")
    return {
        name.removeprefix(PREFIX).lower(): _RawValue(value.strip(), start, name)
        for name, value in variables.items()
        if value.strip()
    }


def _from_overrides(overrides: Mapping[str, object], start: Path) -> dict[str, _RawValue]:
    for name in overrides:
        _refuse_unknown(name, known=list(PARSERS), origin="argument")
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
    rows += [(name, _display(name, getattr(settings, name)), origins.get(name, "default")) for name in PARSERS]
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
