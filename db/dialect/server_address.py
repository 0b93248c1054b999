"""The address of an archive on a PostgreSQL server, in the place of the path of a file.

It is a path, because every verb takes one: the path at which the files beside the archive are (keys, checkpoints), as
if the archive were a file there. What a verb may ask of the archive itself is answered for the server. Everything that
needs a file is refused with one sentence (``__fspath__``), and no message contains the password (``__str__``).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from db.errors import BadInput, StoreError

_SCHEMES = ("postgresql://", "postgres://")
_MASK = "***"


def is_server(path: object) -> bool:
    """True for the address of a server, as text or as a ``ServerAddress``."""
    return isinstance(path, ServerAddress) or (isinstance(path, str) and path.startswith(_SCHEMES))


def parse_address(value: object, folder: Path) -> ServerAddress | None:
    """Return the address in ``value``, None if it is no address of a server. Raises ValueError for a wrong one.

    ``folder`` is that of the files beside the archive.
    """
    if isinstance(value, ServerAddress):
        return value
    return ServerAddress(str(value), folder) if is_server(value) else None


def refuse_server(path: Path, what: str) -> None:
    """Raise BadInput if ``path`` is the address of a server: ``what`` says what needs a file, and what to do."""
    if isinstance(path, ServerAddress):
        raise BadInput(f"{path} is on a server: {what}")


class ServerAddress(type(Path())):  # type: ignore[misc]  # the class of this platform's paths
    """An address like ``postgresql://user@host/name``, and the folder of the files beside the archive.

    ``url`` is the address with the password, if it has one. Raises ValueError for an address that names no database.
    """

    url: str

    def __new__(cls, url: str, folder: Path) -> ServerAddress:
        """Return the address ``url`` of an archive whose other files are in ``folder``."""
        parts = urlsplit(url)
        if not url.startswith(_SCHEMES) or not parts.path.strip("/") or "\0" in url:
            raise ValueError(f"{mask(url)} names no database")
        self: ServerAddress = super().__new__(cls, folder / _file_name(url))
        self.url = url
        return self

    def __init__(self, url: str, folder: Path) -> None:
        """Nothing is opened."""
        if sys.version_info >= (3, 12):
            super().__init__(folder / _file_name(url))

    @property
    def host(self) -> str:
        """The name of the server."""
        return urlsplit(self.url).hostname or dict(parse_qsl(urlsplit(self.url).query)).get("host", "localhost")

    def __str__(self) -> str:
        return mask(self.url)

    def __repr__(self) -> str:
        return f"ServerAddress({mask(self.url)!r})"

    def __fspath__(self) -> str:
        raise StoreError(f"this needs an archive in a file, and {self} is on a server; name a file with --db")

    def __reduce__(self) -> tuple[Any, ...]:
        return ServerAddress, (self.url, self.parent)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServerAddress) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    # --- the archive -------------------------------------------------------------------------------------------------

    def exists(self, **_: Any) -> bool:
        """True if there is an archive. Raises StoreError if the server cannot be reached."""
        from db.dialect.server_connection import revision

        return revision(self) is not None

    def is_file(self, **_: Any) -> bool:
        """True if there is an archive: a verb asks that of what it opens."""
        return self.exists()

    def is_dir(self, **_: Any) -> bool:
        """False: it is no folder."""
        return False

    def is_symlink(self) -> bool:
        """False: it is no link."""
        return False

    def resolve(self, strict: bool = False) -> ServerAddress:  # noqa: ARG002 (the signature of Path)
        """Return the address itself."""
        return self

    def absolute(self) -> ServerAddress:
        """Return the address itself."""
        return self

    # --- the files beside it -----------------------------------------------------------------------------------------

    @property
    def _plain(self) -> Path:
        return Path(super().__str__())

    @property
    def parent(self) -> Path:
        """The folder of the files beside the archive."""
        return self._plain.parent

    @property
    def parents(self) -> Any:
        """The folders above those files."""
        return self._plain.parents

    def with_name(self, name: str) -> Path:
        """Return the path of a file beside the archive."""
        return self._plain.with_name(name)

    def with_segments(self, *segments: Any) -> Path:
        """Return a plain path: nothing below an address is an address."""
        return Path(*segments)


def masked(value: object) -> object:
    """Return a value for display: of an address without the password, any other as it is."""
    return mask(value.url if isinstance(value, ServerAddress) else str(value)) if is_server(value) else value


def mask(url: str) -> str:
    """Return an address with its password replaced."""
    parts = urlsplit(url)
    where = parts.netloc
    if parts.password is not None:
        who, _, place = where.rpartition("@")
        where = f"{who.partition(':')[0]}:{_MASK}@{place}"
    pairs = [(name, _MASK if name in {"password", "sslpassword"} else value) for name, value in parse_qsl(parts.query)]
    return urlunsplit((parts.scheme, where, parts.path, urlencode(pairs, safe="*/,"), ""))


def _file_name(url: str) -> str:
    """Return a name for files beside the archive, different for each server, database and schema."""
    parts = urlsplit(url)
    pairs = dict(parse_qsl(parts.query))
    schema = pairs.get("options", "").partition("search_path=")[2]
    words = (parts.hostname or pairs.get("host", ""), str(parts.port or ""), unquote(parts.path), schema)
    return "-".join(filter(None, (re.sub(r"[^\w.]+", "-", word).strip("-.") for word in words))) + ".server"
