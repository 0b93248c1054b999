"""Atom feeds (RFC 4287). The standard library writes the XML, so any title gives well-formed XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from archive.timestamps import iso
from archive.versions.diff.layout import strip_controls

if TYPE_CHECKING:
    from datetime import datetime

    Json = dict[str, Any]

_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_atom(feed: Json, *, base: str, now: datetime) -> str:
    """Return a feed as Atom. It has ``title``, ``path`` and ``entries``.

    An entry has ``id``, ``title``, ``path``, ``updated``, ``summary`` and ``author``. The feed's identifier is its
    address. Entries are identified by ``id``, a tag URI that survives a change of ``base``.
    """
    root = ET.Element("feed", xmlns=_ATOM)
    _put(root, "id", base + feed["path"])
    _put(root, "title", feed["title"])
    _put(root, "updated", max((row["updated"] for row in feed["entries"]), default=iso(now)))
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=legal(base + feed["path"]))
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=legal(base + feed.get("page", "/")))
    _put(_put(root, "author", ""), "name", "wirecopy")
    for row in feed["entries"]:
        entry = ET.SubElement(root, "entry")
        _put(entry, "id", row["id"])
        _put(entry, "title", row["title"] or "(no headline)")
        _put(entry, "updated", row["updated"])
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=legal(base + row["path"]))
        _put(_put(entry, "author", ""), "name", row.get("author") or "unknown")
        _put(entry, "summary", row["summary"])
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _put(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = legal(text)
    return element


def legal(text: str) -> str:
    """Return text without characters that XML forbids or that change the direction of writing."""
    return _NO_XML.sub("", strip_controls(text))
