"""A change as one HTML file without scripts, fonts or pictures, which loads nothing and is readable on a phone."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from archive.versions.diff.layout import fold_unchanged, headline_bits, layout_lines, remark, strip_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.versions.diff.layout import Bit, Line
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
_LANGUAGES = 35  # characters of the longest language tag in use
_WORDS = {"cut": "cut", "new": "added"}


def render_html(change: Change, a: Text, b: Text, *, url: str = "", about: Sequence[str] = (), context: int = 1) -> str:
    """Return the change as a whole HTML document.

    ``about`` are the lines under the headline, such as which versions are compared. ``context`` is how many unchanged
    paragraphs stay open around a change; the rest can be unfolded. The content is escaped, and a policy in the document
    blocks everything that would load or run.
    """
    lines = layout_lines(change, a, b)
    note = remark(change, lines)
    header_lines = [*about, f"score {change.score:.2f}", *([note] if note else [])]
    body = [
        f"<header><h1>{bits_html(headline_bits(change, a, b)) or 'What changed'}</h1>",
        *([f"<p>{escape(strip_controls(url))}</p>"] if url else []),
        *(f"<p>{escape(strip_controls(line))}</p>" for line in header_lines),
        f'<ul class="kinds">{_kinds(change)}</ul></header>',
        *paragraphs_html(lines, context),
    ]
    title = f"What changed: {strip_controls(b.title or a.title or url)}"
    return render_document(title, body, language=b.language or "")


def render_document(title: str, body: Iterable[str], *, language: str = "", style: str = "") -> str:
    """Return a whole HTML document around ``body``, which is HTML. ``style`` is added to our CSS.

    A policy in it blocks everything that would load or run. ``title`` and ``language`` are escaped here.
    """
    css = _STYLE + style
    policy = _POLICY.format(b64encode(sha256(css.encode()).digest()).decode())
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(language[:_LANGUAGES])}">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{css}</style></head>",
            "<body><main>",
            *body,
            "</main></body></html>\n",
        ]
    )


def render_fragment(change: Change, a: Text, b: Text, *, name: str, context: int = 1) -> str:
    """Return the change as HTML for a page that shows several: its kinds, headline and paragraphs.

    ``name`` is the prefix of its anchors, so that those of two changes never collide.
    """
    lines = layout_lines(change, a, b)
    title = bits_html(headline_bits(change, a, b))
    note = remark(change, lines)
    return "\n".join(
        [
            f'<ul class="kinds">{_kinds(change)}</ul>',
            *([f"<h3>{title}</h3>"] if title else []),
            *([f"<p>{escape(note)}</p>"] if note else []),
            *paragraphs_html(lines, context, name),
        ]
    )


def _kinds(change: Change) -> str:
    return "".join(f"<li>{kind}</li>" for kind in change.kinds) or "<li>no change</li>"


def paragraphs_html(lines: Sequence[Line], context: int, name: str = "", *, unfold: bool = True) -> Iterator[str]:
    """Yield the lines as HTML paragraphs, for a page with its own style. All archived text in them is escaped.

    Changes and ``context`` paragraphs around them stay open. The rest can be unfolded, or with ``unfold`` False is only
    counted. ``name`` is the prefix of the anchors.
    """
    for visible, group in fold_unchanged(lines, context):
        count = f"{len(group)} unchanged paragraph{'s' * (len(group) > 1)}"
        if visible:
            yield from (_line(line, name) for line in group)
        elif not unfold:
            yield f'<p class="gap">\u2026 {count}</p>'
        else:
            yield f"<details><summary>{count}</summary>"
            yield from (_line(line, name) for line in group)
            yield "</details>"


def _line(line: Line, name: str) -> str:
    if (move := line.left) is not None:
        there = f'<a href="#{name}to-{move.number}">moved to \u00b6{move.new}</a>'
        return f'<p class="left" id="{name}from-{move.number}"><span class="tag">{there}</span>{escape(move.text)}</p>'
    if not line.changed:
        return f'<p class="same">{bits_html(line.bits)}</p>'
    anchors = "".join(f'<span id="{name}to-{move.number}"></span>' for move in line.arrived[1:])
    origins = [f'<a href="#{name}from-{move.number}">moved here from \u00b6{move.old}</a>' for move in line.arrived]
    kinds = [str(kind) for kind in sorted(line.kinds) if kind != "moved"]
    tag = f'<span class="tag">{", ".join([*origins, *kinds])}</span>' if origins or kinds else ""
    attributes = f' class="arrived" id="{name}to-{line.arrived[0].number}"' if line.arrived else ""
    return f"<p{attributes}>{anchors}{tag}{bits_html(line.bits)}</p>"


def bits_html(bits: Iterable[Bit]) -> str:
    """Return runs of text as HTML. Cut and added text is marked for screen readers, too."""
    return "".join(_bit(bit) for bit in bits).strip()


def _bit(bit: Bit) -> str:
    text = escape(bit.text)
    if bit.mark == "same":
        return text
    tag = "del" if bit.mark == "cut" else "ins"
    return f'<{tag}><span class="unseen">{_WORDS[bit.mark]}: </span>{text}</{tag}>'
