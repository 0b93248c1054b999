"""The person behind a request: the user of a trusted proxy, the holder of a token, or the person at this machine.

The order: the user name of a proxy, only from a listed address; then the token of ``wirecopy serve --token``, which has
all roles and no name; then a named token. A server without a password gives every request all roles, as only this
machine can reach it.
"""

from __future__ import annotations

import hmac
import ipaddress
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from archive.api.access import NAME, find_token, newest_token
from db.records import ALL_ROLES, Actor, Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from starlette.datastructures import Headers
    from starlette.types import Scope

    from db.records import AccessToken

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_TOKEN: Final = 200
"""Most characters of a token that is looked up."""

READ_ONLY: Final = frozenset({Role.READ})


class Refused(Exception):
    """A request from a person who may not enter: ``status``, the detail and a hint."""

    def __init__(self, status: int, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.answer = (status, detail, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The person of a request. ``name`` is empty for the person without a name.

    ``form_token`` is in every form that this person gets, and None if nothing may be posted. ``credential`` is the
    token that the request presented, empty if none: programs may send it in a form instead.
    """

    name: str = ""
    roles: frozenset[Role] = ALL_ROLES
    form_token: str | None = None
    credential: str = ""

    def may(self, role: str) -> bool:
        """True if this person has a role."""
        return role in self.roles

    @property
    def actor(self) -> Actor:
        """The person as the audit names them."""
        return Actor(self.name, "web")

    def knows(self, sent: str) -> bool:
        """True if a form has the token of this person's forms, or the token that the request presented."""
        known = [word for word in (self.form_token, self.credential) if word]
        return self.form_token is not None and any(_is_same(sent, word) for word in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyLogin:
    """A reverse proxy that lets people log in: its header with the user name, and the addresses it connects from."""

    header: str
    networks: tuple[Network, ...]

    @classmethod
    def of(cls, header: str, addresses: Iterable[str]) -> ProxyLogin:
        """Return a login from addresses or networks as text. Raises ValueError."""
        return cls(header=header, networks=tuple(ipaddress.ip_network(text, strict=False) for text in addresses))

    def user(self, scope: Scope, headers: Headers) -> str | None:
        """Return the user of a request, None if it did not come through the proxy or has no user.

        Raises Refused for a name that is not usable, or is there twice.
        """
        names = headers.getlist(self.header)
        if not names or not self._trusts(scope):
            return None
        if len(names) > 1 or NAME.fullmatch(names[0]) is None:
            raise Refused(403, "the proxy sent no usable user name", "Names have letters, digits and . _ @ + -")
        return names[0]

    def _trusts(self, scope: Scope) -> bool:
        client = scope.get("client")
        try:
            address = ipaddress.ip_address(client[0].partition("%")[0]) if client else None
        except ValueError:  # a Unix socket, or a test, has none
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return address is not None and any((mapped or address) in network for network in self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The rule of who enters. ``token`` has all roles; None: there is no such token, and no form is accepted.

    ``guarded``: nobody enters without a token or a proxy's user. ``db`` has the named tokens. ``key`` makes the tokens
    of forms.
    """

    db: Path | None = None
    token: str | None = None
    guarded: bool = False
    proxy: ProxyLogin | None = None

    def identify(self, scope: Scope, headers: Headers) -> Identity:
        """Return the person of a request. Raises Refused."""
        user = self.proxy.user(scope, headers) if self.proxy else None
        if user is not None:
            return self._of_proxy(user)
        sent = _credentials(headers)
        if self.token is not None and _is_same(sent, self.token):
            return Identity(form_token=self.token, credential=sent)
        known = find_token(self.db, sent) if self.db and sent else None
        if known is not None and known.revoked_at is None:
            return self._named(known.name, known.roles, sent)
        if self.guarded:
            raise Refused(401, "this archive needs a token", "Enter it as the password, with any user name")
        return Identity(form_token=self.token)

    def asks_archive(self, headers: Headers) -> bool:
        """True if `identify` has to look for a named token: not for the visitors of most servers."""
        sent = _credentials(headers)
        is_own = self.token is not None and _is_same(sent, self.token)
        return bool(sent and not is_own) or (self.proxy is not None and self.proxy.header in headers)

    def _of_proxy(self, user: str) -> Identity:
        known: AccessToken | None = newest_token(self.db, user) if self.db else None
        if known is not None and known.revoked_at is not None:
            raise Refused(403, f"the access of {user} was revoked", "Ask the person who runs this archive")
        return self._named(user, known.roles if known else READ_ONLY)

    def _named(self, name: str, roles: frozenset[Role], credential: str = "") -> Identity:
        """Return a person with a form token that nobody can make out of another one's."""
        form_token = None
        if self.token is not None:
            form_token = hmac.new(self.token.encode(), f"form {name}".encode(), sha256).hexdigest()
        return Identity(name=name, roles=roles, form_token=form_token, credential=credential)


def identity_of(scope: Scope) -> Identity:
    """Return the person of a request that passed the middleware."""
    identity: Identity = scope["identity"]
    return identity


def _credentials(headers: Headers) -> str:
    """Return the token in a request: as a bearer token, or as a password. Empty for none, or for a malformed one."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = b64decode(credentials, validate=True).decode().partition(":")[2]
        except ValueError:  # not base64, not ASCII, or not UTF-8 within
            return ""
    return credentials if len(credentials) <= LONGEST_TOKEN else ""


def _is_same(sent: str, token: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode())
