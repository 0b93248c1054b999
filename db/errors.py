"""The errors wirecopy raises on purpose, as one tree.

::

    ArchiveError                  root; a message says what is wrong, where, and what to do next
      ConfigError                 a setting is wrong: its name, its value, where it came from
      SeedError                   the seed index cannot be read at all, or a named seed does not exist
      StoreError                  the store cannot serve
        StoreBusy                 locked by another process for longer than the timeout, or a run holds the lease
        ConnectionLost            the server, or the way to it, failed
        SchemaMismatch            the file is older or newer than the code
        TooSlow                   a query took longer than its caller allows
        Corrupt                   a digest, a chain link or the file itself is damaged
        Unstorable                a value does not fit into the store: the fault of that value alone
      NotArchived                 no such article, version or instant in the archive
      BadInput                    a file, line, date or argument from a user cannot be used
      RunFailed                   a run could not start or finish

Expected failures (a timeout, a 404, an empty page) are no exceptions: they are values of ``db.records.Reason`` or
``Verdict``.
The tree is in the lowest package because the store raises part of it.
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Root of every error raised on purpose."""


class ConfigError(ArchiveError):
    """A setting is wrong. The message names the setting, the value, and where it came from."""


class SeedError(ArchiveError):
    """The seed index cannot be used. The message names the file, the line and what was expected."""


class StoreError(ArchiveError):
    """The store cannot be used. The message names the path and the next command to try."""


class StoreBusy(StoreError):
    """The file was locked for longer than the timeout, or another run holds the lease."""


class ConnectionLost(StoreError):
    """The server, or the way to it, failed. ``is_undone`` is False if the transaction may have been committed."""

    is_undone = True


class TooSlow(StoreError):
    """A query took longer than its caller allows."""


class SchemaMismatch(StoreError):
    """The file has an older or newer schema than this code."""


class Corrupt(StoreError):
    """A digest, a chain link or the file itself is damaged."""


class Unstorable(StoreError):
    """A value does not fit into the store. The store itself is well, and everything else can be stored."""


class NotArchived(ArchiveError, LookupError):
    """The archive has no version of that address (at that time)."""


class BadInput(ArchiveError, ValueError):
    """Input from a user (a file, a line, a date, an argument) cannot be used."""


class RunFailed(ArchiveError):
    """A run could not start or finish."""
