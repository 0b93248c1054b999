"""The download of an evidence file about an article, a change or a copy: the file that ``wirecopy evidence`` writes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from archive.api.version_ref import Ref
from archive.serve import paths
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.responses import page
from db.errors import BadInput, NotArchived, TooSlow

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext

_MEDIA_TYPE: Final = "application/wacz"
_BUSY: Final = Lock()
"""One file at a time: reading hundreds of captures takes seconds of one processor."""


def download(context: RequestContext) -> Response:
    """Answer with the evidence file. Raises BadInput, NotArchived, and StoreError if the log does not continue.

    ``v`` is the version, ``to`` a later one of the same article, or ``with`` another article and ``w`` its version.
    """
    write = context.state.evidence
    if write is None:
        raise NotArchived("this server gives out no evidence files; use wirecopy evidence")
    refs = _refs(context)
    if not _BUSY.acquire(blocking=False):
        raise TooSlow("another evidence file is being made at this moment")
    folder = TemporaryDirectory(prefix="wirecopy-evidence-")
    try:
        file = Path(folder.name) / "evidence.wacz"
        write(file, refs)
    except BaseException:
        folder.cleanup()
        raise
    finally:
        _BUSY.release()
    name = f"evidence-{'-'.join(str(part) for part in context.path.values())}.wacz"
    return FileResponse(file, media_type=_MEDIA_TYPE, filename=name, background=BackgroundTask(folder.cleanup))


def _refs(context: RequestContext) -> list[Ref]:
    source = source_of(context)
    numbers = (number_of(context.query.get(name, "")) for name in ("v", "to", "with", "w"))
    number, later, other_id, other_number = numbers
    if later is not None and other_id is not None:
        raise BadInput("evidence is about two texts at most: give either to or with")
    refs = [Ref(url=source.url, number=number)]
    if later is not None:
        refs.append(Ref(url=source.url, number=later))
    if other_id is not None:
        refs.append(Ref(url=context.archive.source_by_id(other_id).url, number=other_number))
    return refs


def routes() -> list[Route]:
    """Return the route of evidence files."""
    return page(f"{paths.ARTICLE}/evidence", download)[:1]
