"""Every write to the archive: one short IMMEDIATE transaction a verb, never one across a fetch or an extraction.

The modules hold the verbs, functions over a connection. ``Store`` lists them and gives each its transaction. No
SQLAlchemy type leaves this package.
"""

from db.store.store import Store

__all__ = ["Store"]
