"""The errors wirecopy raises on purpose, drawn once.

::

    ArchiveError                  every error raised on purpose; its message says what, where, and what to do next
      ConfigError                 a setting is wrong: its name, its value, where it came from
      SeedError                   the seed index cannot be read at all, or a named seed does not exist
      StoreError                  the store cannot serve
        StoreBusy                 locked by another process for longer than the timeout, or a run holds the lease
        SchemaMismatch            the file is older or newer than the code
        TooSlow                   a question took longer than whoever asked would wait
        Corrupt                   a digest, a link or the file itself does not hold
      NotArchived                 no such article, version or instant in the archive
      BadInput                    a file, line, date or argument a person gave cannot be used
      RunFailed                   a run could not start or finish

Weather (a timeout, a 404, an empty page) is never an exception: it is a value of ``db.records.Reason`` or ``Verdict``.
The tree stands at the bottom layer so that the store can raise its part; ``db.errors`` re-exports it.
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Root of every error raised on purpose."""


class ConfigError(ArchiveError):
    """A setting is wrong: names the setting, the value, and where it came from."""


class SeedError(ArchiveError):
    """The seed index cannot be used: file, line, what was expected."""


class StoreError(ArchiveError):
    """The store cannot serve: path, and the next command to try."""


class StoreBusy(StoreError):
    """Locked for longer than the timeout, or another run holds the lease."""


class TooSlow(StoreError):
    """A question took longer than whoever asked would wait."""


class SchemaMismatch(StoreError):
    """The file is of an older or newer schema than this code."""


class Corrupt(StoreError):
    """A digest, a link or the file itself does not hold."""


class NotArchived(ArchiveError, LookupError):
    """No version of that address (at that time)."""


class BadInput(ArchiveError, ValueError):
    """Something a person gave (a file, a line, a date, an argument) cannot be used."""


class RunFailed(ArchiveError):
    """A run could not start or finish."""
