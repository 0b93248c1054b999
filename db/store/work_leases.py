"""Write the leases of work: what a run has taken, so that no other run works on it at the same time.

Their names have a blank:

::

    fetch SITE    the run makes the requests to a site, so politeness holds across hosts
    derive SITE   it derives the captures of a site, so pages and soft-404 probes of a site are derived in one order
    link TEXT     it compares a text with its candidates

A site is the part of a ``url_key`` up to its bracket. The lease of a text is deleted when the text has to be compared
again (``revoke_texts``): then it stays in the queue, whatever was judged before. All end with the lease of their run
(``db.store.leases``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select
from sqlalchemy import text as sql

from db.queries.derivations import whole_histories
from db.schema import lease
from db.store.leases import delete_void_leases
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from db.store.leases import LeaseTerm

FETCH, DERIVE, LINK = "fetch ", "derive ", "link "
"""The first words of the names."""

_ADD = "INSERT INTO lease (name, owner, taken_at, until_at) VALUES (:name, :owner, :taken_at, :until_at)"

_SITE = "substr(s.url_key, 1, instr(s.url_key, ')'))"
_LEDGER = f"""
    SELECT u.capture_id, coalesce(s.same_as, s.id) AS head, {_SITE} AS site
    FROM underived u CROSS JOIN capture c ON c.id = u.capture_id CROSS JOIN source s ON s.id = c.source_id"""  # noqa: S608
_FREE_CAPTURES = f"""{_LEDGER}
    WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.name = '{DERIVE}' || {_SITE})
    ORDER BY u.capture_id LIMIT :most"""  # noqa: S608
_THESE_CAPTURES = f"{_LEDGER} WHERE u.capture_id IN (SELECT value FROM json_each(:ids)) ORDER BY u.capture_id"  # noqa: S608
_FREE_TEXTS = f"""
    SELECT text_id FROM unlinked u
    WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.name = '{LINK}' || u.text_id)
    ORDER BY u.text_id LIMIT :most"""  # noqa: S608
_REVOKE = sql("DELETE FROM lease WHERE name = :name")


def lease_sites(connection: Connection, sites: Iterable[str], term: LeaseTerm) -> set[str]:
    """Lease those of these sites that no other run fetches from, and return them."""
    delete_void_leases(connection, term)
    names = {f"{FETCH}{site}": site for site in sites}
    holders = _owners(connection, names)
    _add(connection, names.keys() - holders.keys(), term)
    return {site for name, site in names.items() if holders.get(name, term.owner) == term.owner}


def lease_captures(connection: Connection, most: int, term: LeaseTerm) -> list[int]:
    """Lease the sites of the oldest captures of the ledger that no other run derives. Return these captures.

    At most ``most``, and all others there of the same histories. Of a history that has captures at the site of another
    run, none is returned. They take the place of those that the run had leased before.
    """
    delete_void_leases(connection, term)
    release_work(connection, DERIVE, term.owner)
    ask = ask_on(connection)
    ids = [row["capture_id"] for row in ask(_FREE_CAPTURES, most=most)]
    rows = ask(_THESE_CAPTURES, ids=json.dumps(whole_histories(ask, ids) if ids else []))
    held = _owners(connection, {f"{DERIVE}{row['site']}" for row in rows})
    divided = {row["head"] for row in rows if f"{DERIVE}{row['site']}" in held}
    own = [row for row in rows if row["head"] not in divided]
    _add(connection, {f"{DERIVE}{row['site']}" for row in own}, term)
    return [row["capture_id"] for row in own]


def lease_texts(connection: Connection, most: int, term: LeaseTerm) -> list[int]:
    """Lease at most ``most`` texts of the link queue that no other run compares, and return them, oldest first.

    They take the place of those that the run had leased before.
    """
    delete_void_leases(connection, term)
    release_work(connection, LINK, term.owner)
    ids = [row["text_id"] for row in ask_on(connection)(_FREE_TEXTS, most=most)]
    _add(connection, {f"{LINK}{text_id}" for text_id in ids}, term)
    return ids


def texts_in_hand(connection: Connection, text_ids: Sequence[int], owner: str) -> set[int]:
    """Return those of these leased texts whose lease was not revoked."""
    names = {f"{LINK}{text_id}": text_id for text_id in text_ids}
    return {names[name] for name, holder in _owners(connection, names).items() if holder == owner}


def revoke_texts(connection: Connection, text_ids: Collection[int]) -> None:
    """Delete the leases of these texts: they have to be compared again, also those that are being compared now."""
    if text_ids:
        connection.execute(_REVOKE, [{"name": f"{LINK}{text_id}"} for text_id in text_ids])


def release_work(connection: Connection, kind: str, owner: str, keys: Iterable[str] | None = None) -> None:
    """Release the leases of a kind (``FETCH``, ``DERIVE`` or ``LINK``): those of ``keys``, by default all."""
    leases = delete(lease).where(lease.c.owner == owner, lease.c.name.startswith(kind))
    if keys is not None:
        leases = leases.where(lease.c.name.in_([f"{kind}{key}" for key in keys]))
    connection.execute(leases)


_NAMED = select(lease.c.name, lease.c.owner).where(lease.c.name.in_(bindparam("names", expanding=True)))


def _owners(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Map those of these names that are held to their owners."""
    return {row.name: row.owner for row in connection.execute(_NAMED, {"names": list(names)})}


def _add(connection: Connection, names: Collection[str], term: LeaseTerm) -> None:
    start, end = term.micros_on(connection)
    rows = [{"name": name, "owner": term.owner, "taken_at": start, "until_at": end} for name in sorted(names)]
    if rows:
        execute_on(connection, _ADD, rows)
