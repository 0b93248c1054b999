"""The README of an evidence file, in plain words for somebody who has never seen one."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def readme(claims: Mapping[str, Any]) -> str:
    """Return the text for a file with these claims (``evidence/claims.json``)."""
    versions = "\n".join(
        f"{version['name']}  {version['address']}\n"
        f"   text {version['text_sha256']}\n"
        f"   from the capture with number {version['capture']}; the archive's clock said {version['captured_at']}"
        for version in claims["versions"]
    )
    verdict = claims["verdict"]
    says = f"\nThe archive says of A and B: {verdict['says']}\n({verdict['method']})\n" if verdict else ""
    counts = claims["captures"]
    left_out = f"{counts['left_out']} other captures of it are in the archive and not in this file."
    head = f"{_HEAD}\n{indent(versions, '  ')}\n{indent(says, '  ')}\n"
    return head + _TEXT.format(here=counts["here"], left_out=left_out, **claims["log"])


_HEAD = """\
EVIDENCE FROM AN ARCHIVE OF NEWS ARTICLES

What is claimed
"""

_TEXT = dedent("""\
    What the file has

      archive/data.warc.gz     {here} captures of the address, as the archive received them.
                               {left_out}
      evidence/entries.jsonl   the facts of each capture, and its place in the log
      evidence/checkpoint.txt  the state of the log {origin}, with {size} entries
      evidence/texts/          the texts that were read from the pages
      evidence/diff.txt        the lines that differ between two texts
      evidence/claims.json     the claims above for programs

    What is proven, if the signatures fit a key that you have from elsewhere than this file

      The captures are in the log as they are here. The holder of the key cannot show another
      content under these numbers without contradicting his own signature. Whoever keeps the
      checkpoint can prove later that the log was changed.

    What is not proven

      - That the publisher sent these bytes. Only the archive says so.
      - The times of the captures. They are those of the archive's own clock. Where the file has
        evidence/anchors, time stamps of others show by when and after when a capture was recorded.
        Where it has evidence/corrections.jsonl, the archive corrected a clock that was wrong: the facts
        have the dates as they were recorded, everything else the corrected ones.
      - That nobody was shown another log. Where the file has evidence/cosigned.jsonl, witnesses say at which
        time they knew of no other history of it. Their keys have to come from elsewhere than this file.
      - What another archive has of the page. Where the file has evidence/mementos.jsonl, this archive recorded
        what that one answered. Ask it again for the address there, and compare the sha256.
      - Who wrote first. The log has the order of recording, not of writing.
      - That no other capture of the address exists.
      - A verdict is a computation. It can be repeated from the texts, and may be wrong.

    How to check

      With the verifier, which needs no archive and no network:

        wirecopy-verify FILE.wacz --key KEY --root CERTIFICATE.pem

      Without it, for one capture, with sha256sum and openssl alone: take "facts" and "before"
      from its line of evidence/entries.jsonl.

        1. link = sha256(before as 32 bytes, then sha256(facts) as 32 bytes)
        2. leaf = sha256(byte 00, then link)
        3. For each hash of "path" in turn: leaf = sha256(byte 01, then left, then right). The hash is
           the left one if bit 0 of the index is 1 or the index is the last one at this level. The
           index begins with number - 1 and is halved each time; a level without a partner is passed.
        4. The result, in base64, is the third line of evidence/checkpoint.txt.
        5. openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature
           where "text" has the first three lines of the checkpoint, and "signature" is the base64 of
           the line that begins with a dash, without its first 4 bytes.
        6. The digest "payload_sha256" in the facts is that of the page in the WARC.
    """)
