r"""Removes the characters that no file format carries: controls, U+FFFE, U+FFFF and halves of surrogate pairs.

A page's markup loses them before it is parsed. Escapes in JSON-LD and in finished texts (`\u0000`, `\ud83d`) bring them
back, and one of them in a byline or a headline would make the capture impossible to store.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from db.records import Extraction

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def storable(extraction: Extraction) -> Extraction:
    """Return the extraction without such characters in any of its texts."""
    cleaned: Extraction = _clean(extraction)
    return cleaned


def _clean(value: Any) -> Any:
    """Return a value of a record, cleaned. The same object if there is nothing to clean."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value) if type(value) is str and _UNSTORABLE.search(value) else value
    if isinstance(value, tuple):
        items = tuple(_clean(item) for item in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: new
            for field in fields(value)
            if (new := _clean(getattr(value, field.name))) is not getattr(value, field.name)
        }
        return replace(value, **changed) if changed else value
    return value
