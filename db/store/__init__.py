"""The store's writing side: one short IMMEDIATE transaction per verb, never one across a fetch or an extraction.

``Store`` is the door; the modules beside it are functions over a connection, one module a noun. No SQLAlchemy type
leaves this package.
"""

from db.store.store import Store

__all__ = ["Store"]
