"""A change as one HTML file that asks for nothing else: no script, no font, no picture, readable on a phone."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from archive.diff.view import clean, folded, headline, lines, remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.diff.view import Bit, Line
    from db.records import Change, Text

_STYLE = """
:root { color-scheme: light dark; --page: #fdfcfa; --ink: #1d1d1b; --soft: #5c5a55; --line: #d9d5cc;
  --cut: #8c1d18; --cut-bg: #fbe9e7; --new: #0b5a2a; --new-bg: #e3f4e6; --moved: #1f4a8a; --moved-bg: #e8eff9 }
@media (prefers-color-scheme: dark) { :root { --page: #171716; --ink: #e9e6df; --soft: #a8a49a; --line: #3b3935;
  --cut: #ffb4ab; --cut-bg: #43201d; --new: #9ad9a8; --new-bg: #18351f; --moved: #a9c7fa; --moved-bg: #1d2a40 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 1.05rem/1.6 Georgia, "Times New Roman", serif }
main { max-width: 42rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .75rem }
header { border-bottom: 1px solid var(--line); margin-bottom: 1.5rem }
header p, summary, .tag, footer { font: .85rem/1.5 system-ui, sans-serif; color: var(--soft) }
header p { margin: 0 0 .6rem }
.kinds { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem; padding: 0; margin: 0 0 1rem;
  font: .85rem/1.5 system-ui, sans-serif }
.kinds li { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .65rem }
p { margin: 0 0 1rem }
.same { color: var(--soft) }
.tag { display: block }
del, ins { border-radius: .15rem; padding: 0 .1em }
del { color: var(--cut); background: var(--cut-bg); text-decoration: line-through }
ins { color: var(--new); background: var(--new-bg); text-decoration: underline }
del + ins { margin-left: .2em }
.arrived { border-left: .25rem solid var(--moved); padding-left: .75rem }
.left { border-left: .25rem dashed var(--moved); padding-left: .75rem; color: var(--soft); font-style: italic }
a { color: var(--moved) }
:target { background: var(--moved-bg) }
summary { cursor: pointer; padding: .5rem 0; margin-bottom: .5rem; border-block: 1px dotted var(--line) }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media print { body { background: none } main { max-width: none } }
"""
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'"
_LANGUAGES = 35  # characters of the longest language tag there is use for
_WORDS = {"cut": "cut", "new": "added"}


def render_html(change: Change, a: Text, b: Text, *, url: str = "", about: Sequence[str] = (), context: int = 1) -> str:
    """The change as a whole HTML document, in UTF-8.

    ``about`` are the lines under the headline, such as which versions are compared; ``context`` how many unchanged
    paragraphs stay open around a change, the rest can be unfolded. The content is escaped, and a policy in the document
    forbids whatever would load or run.
    """
    shown = lines(change, a, b)
    note = remark(change, shown)
    said = [*about, f"score {change.score:.2f}", *([note] if note else [])]
    title = escape(clean(b.title or a.title or url))
    policy = _POLICY.format(b64encode(sha256(_STYLE.encode()).digest()).decode())
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape((b.language or "")[:_LANGUAGES])}">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>What changed: {title}</title>",
            f"<style>{_STYLE}</style></head>",
            "<body><main>",
            f"<header><h1>{_bits(headline(change, a, b)) or 'What changed'}</h1>",
            *([f"<p>{escape(clean(url))}</p>"] if url else []),
            *(f"<p>{escape(clean(each))}</p>" for each in said),
            f'<ul class="kinds">{_kinds(change)}</ul></header>',
            *_body(shown, context),
            "</main></body></html>\n",
        ]
    )


def _kinds(change: Change) -> str:
    return "".join(f"<li>{kind}</li>" for kind in change.kinds) or "<li>no change</li>"


def _body(shown: Sequence[Line], context: int) -> Iterator[str]:
    for visible, group in folded(shown, context):
        if visible:
            yield from map(_line, group)
        else:
            count = f"{len(group)} unchanged paragraph{'s' * (len(group) > 1)}"
            yield f"<details><summary>{count}</summary>"
            yield from map(_line, group)
            yield "</details>"


def _line(line: Line) -> str:
    if (move := line.left) is not None:
        there = f'<a href="#to-{move.number}">moved to \u00b6{move.new}</a>'
        return f'<p class="left" id="from-{move.number}"><span class="tag">{there}</span>{escape(move.text)}</p>'
    if not line.changed:
        return f'<p class="same">{_bits(line.bits)}</p>'
    anchors = "".join(f'<span id="to-{move.number}"></span>' for move in line.arrived[1:])
    came = [f'<a href="#from-{move.number}">moved here from \u00b6{move.old}</a>' for move in line.arrived]
    did = [str(kind) for kind in sorted(line.kinds) if kind != "moved"]
    tag = f'<span class="tag">{", ".join([*came, *did])}</span>' if came or did else ""
    place = f' class="arrived" id="to-{line.arrived[0].number}"' if line.arrived else ""
    return f"<p{place}>{anchors}{tag}{_bits(line.bits)}</p>"


def _bits(bits: Iterable[Bit]) -> str:
    return "".join(_bit(bit) for bit in bits).strip()


def _bit(bit: Bit) -> str:
    said = escape(bit.text)
    if bit.mark == "same":
        return said
    tag = "del" if bit.mark == "cut" else "ins"
    return f'<{tag}><span class="unseen">{_WORDS[bit.mark]}: </span>{said}</{tag}>'
