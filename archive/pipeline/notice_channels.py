"""Send one notice to one receiver: a signed webhook, a mail over SMTP, or whatever apprise supports.

The body of a webhook is JSON, signed with HMAC-SHA256 (RFC 2104) over the time of sending and the body. So neither can
be changed, nor the message replayed later; see `signature`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib
import ipaddress
import json
import smtplib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

from archive.crawl.fetch import policy_from, post
from archive.pipeline.notice_mail import as_mail, compose
from archive.timestamps import iso

if TYPE_CHECKING:
    from email.message import EmailMessage

    from archive.settings import Settings
    from db.records import OpenNotice

SIGNATURE: Final = "Wirecopy-Signature"
DELIVERY: Final = "Wirecopy-Delivery"
"""The headers of a webhook. The first has the time of sending and the signature, the second the id of the notice, which
stays the same when the notice is sent again."""

_TRY_SECONDS: Final = 3.0
_ACCEPTED: Final = range(200, 300)
_SUBMISSION, _IMPLICIT_TLS = 587, 465


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A receiver of the settings. ``is_digest``: it gets one message a day or a week."""

    address: str
    is_digest: bool

    @property
    def key(self) -> str:
        """A digest of the address, under which the archive knows it: the address may hold a password."""
        kind = "digest" if self.is_digest else "notify"
        return hashlib.sha256(f"{kind}\n{self.address}".encode("utf-8", "replace")).hexdigest()[:32]

    @property
    def scheme(self) -> str:
        """The part of the address that may be shown."""
        return self.address.split("://")[0]


def receivers_of(settings: Settings) -> tuple[Receiver, ...]:
    """Return the receivers that the settings name, each once."""
    return tuple(
        dict.fromkeys(
            [Receiver(address=address, is_digest=False) for address in settings.notify]
            + [Receiver(address=address, is_digest=True) for address in settings.digest]
        )
    )


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body sent at ``stamp`` (seconds since 1970): hexadecimal HMAC-SHA256 of ``stamp.body``.

    The header reads ``t=STAMP,v1=SIGNATURE``. A receiver computes the same from what it got, compares in constant time,
    and rejects a stamp that is minutes old.
    """
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def send(settings: Settings, receiver: Receiver, notice: OpenNotice) -> tuple[bool, str]:
    """Return True if the receiver accepted a notice, and the result in words. Never raises for errors of a receiver."""
    match receiver.scheme:
        case "http" | "https":
            return await _by_webhook(settings, receiver, notice)
        case "smtp" | "smtps":
            return await _by_smtp(settings, receiver, notice)
    return await _by_apprise(settings, receiver, notice)


def webhook_body(settings: Settings, notice: OpenNotice) -> bytes:
    """Return the body of a webhook. It is the same for each try of a notice."""
    events = [json.loads(body) for body in notice.bodies]
    base = settings.public_url
    document = {
        "event": "events",
        "notice": notice.id,
        "made_at": iso(notice.made_at),
        "events": [event | {"link": f"{base}{event['path']}" if base else event["url"]} for event in events],
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


async def _by_webhook(settings: Settings, receiver: Receiver, notice: OpenNotice) -> tuple[bool, str]:
    if not settings.notify_secret:
        return False, "not sent: a webhook is signed, and WIRECOPY_NOTIFY_SECRET is not set"
    body, stamp = webhook_body(settings, notice), str(int(settings.wall().timestamp()))
    headers = {
        "Content-Type": "application/json",
        DELIVERY: notice.id,
        SIGNATURE: f"t={stamp},v1={signature(settings.notify_secret, stamp, body)}",
    }
    status, why = await post(policy_from(settings), receiver.address, body, headers, seconds=_TRY_SECONDS)
    return status in _ACCEPTED, why or f"HTTP {status}"


# --- mail ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server of an address ``smtp://user:password@host:port/?from=a@b.example&to=c@d.example``."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str
    sender: str
    to: tuple[str, ...]


def mail_server(address: str) -> MailServer | None:
    """Parse an address ``smtp://`` or ``smtps://``. None if it names no host, no sender or nobody to send to."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    is_tls = parts.scheme == "smtps"
    query = parse_qs(parts.query)
    to = tuple(name.strip() for value in query.get("to", []) for name in value.split(",") if name.strip())
    sender = (query.get("from") or [""])[0].strip()
    if not parts.hostname or not to or "@" not in sender or any("@" not in name for name in to):
        return None
    return MailServer(
        host=parts.hostname,
        port=port or (_IMPLICIT_TLS if is_tls else _SUBMISSION),
        is_tls=is_tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=sender,
        to=to,
    )


async def _by_smtp(settings: Settings, receiver: Receiver, notice: OpenNotice) -> tuple[bool, str]:
    server = mail_server(receiver.address)
    if server is None:
        return False, "not sent: write smtp://user:password@host:587?from=you@a.example&to=you@b.example"
    message = compose(notice, base=settings.public_url, is_digest=receiver.is_digest, zone=settings.time_zone)
    mail = as_mail(message, sender=server.sender, to=server.to)
    return await asyncio.to_thread(hand_over, server, mail)


def hand_over(server: MailServer, mail: EmailMessage) -> tuple[bool, str]:
    """Return True if a server accepted a mail, and the result in words. Never raises for errors of the server.

    A password is only sent over TLS, or within this machine.
    """
    try:
        with _connection(server) as smtp:
            if not server.is_tls and smtp.has_extn("starttls") and not _is_here(server.host):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            elif server.user and not server.is_tls and not _is_here(server.host):
                return False, "not sent: the mail server offers no TLS for the password; use smtps://"
            if server.user:
                smtp.login(server.user, server.password)
            refused = smtp.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        code = getattr(error, "smtp_code", "")
        return False, f"mail server: {type(error).__name__} {code}".strip()
    return True, "mail accepted" + (f", {len(refused)} of {len(server.to)} addresses refused" if refused else "")


def _connection(server: MailServer) -> smtplib.SMTP:
    if server.is_tls:
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TRY_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=_TRY_SECONDS)
    smtp.ehlo()
    return smtp


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- apprise ---------------------------------------------------------------------------------------------------------


async def _by_apprise(settings: Settings, receiver: Receiver, notice: OpenNotice) -> tuple[bool, str]:
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        return False, "not sent: this address needs apprise; install it with: pip install 'wirecopy[notify]'"
    sender = apprise.Apprise()
    if not sender.add(receiver.address):
        return False, "not sent: apprise does not support this address; check the settings notify and digest"
    message = compose(notice, base=settings.public_url, is_digest=receiver.is_digest, zone=settings.time_zone)
    is_mail = receiver.scheme in {"mailto", "mailtos"}
    body, form = (message.html, "HTML") if is_mail else (message.text, "TEXT")
    accepted = await sender.async_notify(
        title=message.subject, body=body, body_format=getattr(apprise.NotifyFormat, form)
    )
    return bool(accepted), "taken by apprise" if accepted else "apprise could not deliver it"
