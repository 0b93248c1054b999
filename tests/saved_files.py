"""Files that hold one page beside others, as crawlers and browsers write them: ARC, MHTML, web archives, HAR."""

from __future__ import annotations

import base64
import json
import plistlib
import quopri
from typing import Any

from tests.builders import T0
from tests.fetching import HOST

URL = f"{HOST}/a"
NO_ADDRESS = "0.0.0.0"  # noqa: S104  (in ARC: none is known)
STAMP = f"{T0:%Y%m%d%H%M%S}"


def arc_record(
    url: str, block: bytes, kind: str = "text/html", *, version: int = 1, address: str = "192.0.2.1"
) -> bytes:
    more = "" if version == 1 else " 200 - - 0 x.arc"
    return f"{url} {address} {STAMP} {kind}{more} {len(block)}\n".encode() + block + b"\n"


def arc_records(*blocks: bytes, version: int = 1) -> list[bytes]:
    """The records of an ARC file: its own head, a name server's answer, a picture, and pages with these blocks."""
    names = "URL IP-address Archive-date Content-type" + (
        "" if version == 1 else " Result-code Checksum Location Offset"
    )
    head = f"{version} 0 Crawler\n{names} {'' if version == 1 else 'Filename '}Archive-length\n".encode()
    picture = b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\nGIF89a\n\nhttp://x"
    return [
        arc_record("filedesc://x.arc", head, "text/plain", version=version, address=NO_ADDRESS),
        arc_record("dns:news.example", b"192.0.2.1\n", "text/dns", version=version),
        arc_record(f"{HOST}/a.gif", picture, "image/gif", version=version),
        *(arc_record(URL, block, version=version) for block in blocks),
    ]


def mhtml(body: bytes, *, coding: str = "binary", kind: str = "text/html", end: str = "--") -> bytes:
    """A page as Chromium saves it, with a frame."""
    coded = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes}.get(coding, lambda data: data)(body)
    head = (
        f"From: <Saved by Blink>\r\nSnapshot-Content-Location: {URL}\r\nSubject: =?utf-8?Q?x?=\r\n"
        f"Date: {T0:%a, %d %b %Y %H:%M:%S +0000}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
        '\ttype="text/html";\r\n\tboundary="----MultipartBoundary--a1----"\r\n\r\n\r\n'
    )
    line = "\r\n------MultipartBoundary--a1----"
    part = f"{line}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {coding}\r\nContent-Location: {URL}\r\n\r\n"
    frame = f"{line}\r\nContent-Type: text/html\r\nContent-Location: {HOST}/frame\r\n\r\n<p>A frame{line}{end}\r\n"
    return head.encode() + part.encode() + coded + frame.encode()


def webarchive(body: bytes, *, kind: str = "text/html", encoding: str = "", form: Any = plistlib.FMT_BINARY) -> bytes:
    """A page as Safari saves it."""
    resource = {"WebResourceData": body, "WebResourceMIMEType": kind, "WebResourceURL": URL, "WebResourceFrameName": ""}
    named = {"WebResourceTextEncodingName": encoding} if encoding else {}
    picture = {"WebResourceData": b"GIF89a", "WebResourceMIMEType": "image/gif", "WebResourceURL": f"{HOST}/a.gif"}
    return plistlib.dumps({"WebMainResource": resource | named, "WebSubresources": [picture]}, fmt=form)


def har(body: bytes, *, kind: str = "text/html", method: str = "GET", **entry: Any) -> bytes:
    """A session of a browser with one page, whose bytes are in base64, and a picture."""
    content = {"size": len(body), "mimeType": kind, "text": base64.b64encode(body).decode(), "encoding": "base64"}
    response = {"status": 200, "statusText": "OK", "httpVersion": "h2", "content": content}
    response["headers"] = [
        {"name": ":status", "value": "200"},
        {"name": "Content-Type", "value": kind},
        {"name": "Set-Cookie", "value": "a=1\nb=\xe9"},
    ]
    request = {"method": method, "url": URL, "httpVersion": "h2", "headers": [{"name": "Accept", "value": "*/*"}]}
    page = {"startedDateTime": f"{T0:%Y-%m-%dT%H:%M:%S.000+00:00}", "request": request, "response": response}
    picture = page | {"response": response | {"headers": [], "content": {"mimeType": "image/gif"}}}
    return json.dumps({"log": {"version": "1.2", "entries": [picture, page | entry]}}).encode()
