"""What a version takes: bytes of real page histories, here and as web archives and git keep them.

Ours are all database pages of the payload table and its indexes, written one capture at a time. WARC.gz is warcio's,
one record a capture. git's is its best pack, made at once of all pages afterwards (depth 50, window 250), with index.
"""

from __future__ import annotations

import subprocess
import zlib
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stored import SETS, stored
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from db import delta_codec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.pagehistories import Seen

UNIT = "B"
WANTED = {"ota": 2_400, "news": 11_400}


def figures() -> Iterator[tuple[str, float]]:
    for name in SETS:
        seen = stored(name).seen
        yield f"{name}: WARC.gz", warc(seen) / len(seen)
        yield f"{name}: gzip -6, each by itself", sum(len(zlib.compress(one.data, 6)) for one in seen) / len(seen)
        yield f"{name}: zstd, each by itself", sum(len(delta_codec.pack(one.data)[1]) for one in seen) / len(seen)
        yield f"{name}: git, best pack", git(seen) / len(seen)
        yield f"{name}: wirecopy", stored(name).taken


def findings(found: Mapping[str, float]) -> Iterator[str]:
    for name in SETS:
        ours, warcs, gits = (found[f"{name}: {each}"] for each in ("wirecopy", "WARC.gz", "git, best pack"))
        yield (
            f"{name}: {ours:,.0f} bytes a version, wanted at most {WANTED[name]:,}; "
            f"WARC.gz takes {warcs / ours:.1f} times as much, git's best pack {gits / ours:.2f} times"
        )


def warc(seen: Sequence[Seen]) -> int:
    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    for one in seen:
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        more = {"WARC-Date": f"{one.at:%Y-%m-%dT%H:%M:%SZ}"}
        record = writer.create_warc_record(
            one.url, "response", payload=BytesIO(one.data), http_headers=head, warc_headers_dict=more
        )
        writer.write_record(record)
    return out.tell()


def git(seen: Sequence[Seen]) -> int:
    with TemporaryDirectory() as name:
        folder = Path(name)
        init = ["git", "init", "--quiet", "--bare", folder]
        subprocess.run(init, check=True)
        feed = ["git", "-C", folder, "fast-import", "--quiet"]
        with subprocess.Popen(feed, stdin=subprocess.PIPE) as importing:
            assert importing.stdin is not None
            for one in seen:
                when = f"{int(one.at.timestamp())} +0000"
                importing.stdin.write(f"commit refs/heads/main\ncommitter a <a> {when}\ndata 0\n".encode())
                path = one.url.removeprefix("https://")
                importing.stdin.write(f"M 644 inline {path}\ndata {len(one.data)}\n".encode() + one.data + b"\n")
        best = ["git", "-C", folder, "-c", "pack.threads=1", "repack", "-adfq", "--depth=50", "--window=250"]
        subprocess.run(best, check=True)
        return sum(each.stat().st_size for each in (folder / "objects" / "pack").iterdir())
