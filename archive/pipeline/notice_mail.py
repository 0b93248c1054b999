"""Compose notices for people: a subject, a plain text, and the same as HTML that needs no images and no style sheet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from archive.api.event_wording import summary_in_zone
from archive.timestamps import parse_stamp
from archive.versions.diff.layout import strip_controls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from db.records import OpenNotice

    Json = dict[str, Any]

MOST_SHOWN: Final = 100
"""Most events written out in a message for people, those with the highest weights. The others are counted."""

_LONGEST_SUBJECT = 120
_SERIF = "font-family:Georgia,'Times New Roman',serif"
_SANS = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
_DEL = "background:#fbe4e2;color:#8c1d18;text-decoration:line-through;padding:0 .15em"
_INS = "background:#dff3e4;color:#14532d;text-decoration:none;padding:0 .15em"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice for people. ``key`` is the id of the notice."""

    key: str
    subject: str
    text: str
    html: str
    made_at: str


def compose(notice: OpenNotice, *, base: str | None, is_digest: bool, zone: tzinfo) -> Message:
    """Return a notice as a message, with its times in ``zone``.

    ``base`` is the address of the web interface for links, None: no links to it.
    """
    events = sorted((json.loads(body) for body in notice.bodies), key=lambda event: (-event["weight"], event["at"]))
    events = [_localized(event, zone) for event in events]
    foot = f"Times are {zone}. Events say what was seen at checks, not what happened between them."
    subject = _subject(events, is_digest=is_digest)
    groups: dict[str, list[Json]] = {}
    for event in events[:MOST_SHOWN]:
        groups.setdefault(event["group"], []).append(event)
    more = len(events) - min(len(events), MOST_SHOWN)
    return Message(
        key=notice.id,
        subject=subject,
        text=_text(groups, more, base, foot),
        html=_html(subject, groups, more, base, foot),
        made_at=notice.made_at.isoformat(),
    )


def as_mail(message: Message, *, sender: str, to: Sequence[str]) -> EmailMessage:
    """Return a message as a mail with both forms. Its Message-ID stays the same when it is sent again."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["From"], mail["To"] = message.subject, sender, ", ".join(to)
    mail["Date"] = format_datetime(parse_stamp(message.made_at))
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _subject(events: Sequence[Json], *, is_digest: bool) -> str:
    if not events:
        return "No events"
    first = events[0]
    number = f"{len(events)} event{'s' * (len(events) != 1)}"
    words = f"{first['before']} \u2192 {first['after']}" if first["before"] and first["after"] else first["title"]
    lead = f"{first['label']}: {words}" + (f" ({first['outlet']})" if first["outlet"] else "")
    return _line(f"Digest, {number}: {lead}" if is_digest else lead if len(events) == 1 else f"{number}: {lead}")


def _line(text: str) -> str:
    line = " ".join(strip_controls(text).split())
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 2] + " \u2026"


def _text(groups: dict[str, list[Json]], more: int, base: str | None, foot: str) -> str:
    lines: list[str] = []
    for group, events in groups.items():
        lines += [group.upper(), ""] if group else []
        for event in events:
            lines += [*_event_lines(event, base), ""]
    lines += [f"and {more} more: wirecopy events", ""] if more else []
    lines += ["-- ", f"wirecopy. {foot}", ""]
    return "\n".join(lines)


def _event_lines(event: Json, base: str | None) -> Iterator[str]:
    outlet = f"  {event['outlet']}" if event["outlet"] else ""
    yield f"* {event['label']}{outlet}  {event['minute']}"
    yield f"  {_clean(event['title'] or event['url'])}"
    yield f"  {_clean(event['summary'])}"
    if event["context"] and event["version"] and event["before"]:
        yield f"  {_clean(event['context'])}"
    yield f"  {_link(event, base)}"


def _link(event: Json, base: str | None) -> str:
    if base is not None:
        return f"{base}{event['path']}"
    version = event["version"]
    return f"{event['url']}@{version}" if version and version > 1 else event["url"] or "wirecopy status"


def _html(subject: str, groups: dict[str, list[Json]], more: int, base: str | None, foot: str) -> str:
    blocks = [_group(group, events, base) for group, events in groups.items()]
    rest = f'<p style="{_SANS};color:#555">and {more} more</p>' if more else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(subject)}</title></head>"
        '<body style="margin:0;background:#f6f5f1;color:#1c1b19">'
        '<div style="max-width:38rem;margin:0 auto;padding:1.5rem 1rem">'
        f'<h1 style="{_SERIF};font-size:1.35rem;line-height:1.3;margin:0 0 1.2rem">{_safe(subject)}</h1>'
        f"{''.join(blocks)}{rest}"
        f'<p style="{_SANS};font-size:.8rem;color:#66645e;border-top:1px solid #d8d5cc;padding-top:.8rem">{foot}</p>'
        "</div></body></html>"
    )


def _group(group: str, events: Sequence[Json], base: str | None) -> str:
    style = f"{_SANS};font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:#66645e;margin:1.2rem 0 .4rem"
    heading = f'<h2 style="{style}">{_safe(group)}</h2>' if group else ""
    return heading + "".join(_card(event, base) for event in events)


def _card(event: Json, base: str | None) -> str:
    title = _safe(event["title"] or event["url"])
    address = f"{base}{event['path']}" if base else event["url"]
    link = f'<a href="{escape(address, quote=True)}" style="color:#1c1b19">{title}</a>' if address else title
    return (
        '<div style="background:#fff;border:1px solid #e2dfd6;border-radius:6px;padding:.8rem 1rem;margin:0 0 .7rem">'
        f'<p style="{_SANS};font-size:.8rem;color:#66645e;margin:0 0 .25rem"><strong>{_safe(event["label"])}</strong>'
        f" &#183; {_safe(event['outlet'] or 'wirecopy')} &#183; {event['minute']}</p>"
        f'<p style="{_SERIF};font-size:1.05rem;line-height:1.35;margin:0 0 .35rem">{link}</p>'
        f"{_words(event)}</div>"
    )


def _words(event: Json) -> str:
    style = f"{_SANS};font-size:.92rem;line-height:1.5;margin:0"
    old, new = _safe(event["before"]), _safe(event["after"])
    if event["kind"] not in {"edited", "correction", "stale_copy"} or not (old or new):
        return f'<p style="{style}">{_safe(event["summary"])}</p>'
    runs = [f'<del style="{_DEL}">{old}</del>' if old else "", f'<ins style="{_INS}">{new}</ins>' if new else ""]
    note = event["summary"] if event["kind"] == "stale_copy" else event["context"] if old and new else ""
    context = f'<p style="{style};color:#66645e;margin-top:.3rem">{_safe(note)}</p>' if note else ""
    return f'<p style="{style}">{" ".join(filter(None, runs))}</p>{context}'


def _localized(event: Json, zone: tzinfo) -> Json:
    """Return an event with its times in a zone: ``minute``, and the instants of its sentence."""
    moment = parse_stamp(event["at"]).astimezone(zone)
    summary = summary_in_zone(event["summary"], parse_stamp(event["since"]), zone)
    return {**event, "minute": f"{moment.day} {moment:%b %H:%M}", "summary": summary}


def _clean(text: str) -> str:
    return " ".join(strip_controls(text).split())


def _safe(text: str) -> str:
    return escape(_clean(text), quote=True)
