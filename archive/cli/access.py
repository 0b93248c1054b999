"""The verbs token and audit: who may use the web interface, and who changed what."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, person, print_json, verb
from archive.cli.output import count, format_minute, format_stamp, sanitize, say, warn, wrap

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import AccessToken, AuditEntry


@click.group(subcommand_metavar="COMMAND ...", context_settings={"help_option_names": ["-h", "--help"]})
def token() -> None:
    r"""Give other people their own tokens for the web interface of wirecopy serve --token.

    Each has a name and roles: read (always), label (label copies, check a page now), manage (add, change and retire
    what is watched, read the audit). Each person has read marks of their own. The archive stores only a digest.

    \b
    wirecopy token add ana --role label
    wirecopy token list
    wirecopy token revoke ana
    """


@verb
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(["read", "label", "manage"]),
    help="A role, besides reading. May be given again.",
)
def add(settings: Settings, name: str, roles: tuple[str, ...]) -> None:
    """Make the token of a person and print it, once."""
    from archive.api import curation
    from db.records import Role

    secret = f"wc_{secrets.token_urlsafe(24)}"
    chosen = [Role(role) for role in roles]
    curation.add_token(settings.db, name, secret, chosen, now=settings.wall(), actor=person())
    click.echo(secret)
    say(f"This is the token of {name}, shown only this once. It is the password, with any user name.")


@verb
@as_json
def list_(settings: Settings, *, json_: bool) -> None:
    """List the names that have tokens, with their roles. Nobody can list the tokens themselves."""
    from archive.api.access import tokens
    from archive.timestamps import iso

    rows = tokens(settings.db)
    if json_:
        print_json(
            {
                "tokens": [
                    {
                        "name": row.name,
                        "roles": sorted(row.roles),
                        "made_at": iso(row.made_at),
                        "revoked_at": iso(row.revoked_at) if row.revoked_at else None,
                    }
                    for row in rows
                ]
            }
        )
        return
    for row in rows:
        click.echo(wrap(sanitize(_describe_token(row)), then="  "))
    in_force = sum(row.revoked_at is None for row in rows)
    say(f"{count(in_force, 'token')} in force." if rows else "No tokens yet. Make one: wirecopy token add NAME")


def _describe_token(row: AccessToken) -> str:
    revoked = f", revoked {format_stamp(row.revoked_at)}" if row.revoked_at else ""
    return f"{row.name}  {', '.join(sorted(row.roles))}  since {format_stamp(row.made_at)}{revoked}"


@verb
@click.argument("name")
def revoke(settings: Settings, name: str) -> int:
    """End the token of a person at once."""
    from archive.api import curation

    if curation.revoke_token(settings.db, name, now=settings.wall(), actor=person()):
        say(f"The token of {name} is revoked.")
        return 0
    say(f"{name} has no token in force; see wirecopy token list")
    return PROBLEMS


for _command in (add, list_, revoke):
    token.add_command(_command, _command.name)


@verb
@click.option("--limit", metavar="N", type=click.IntRange(1), default=100, show_default=True, help="Most rows.")
@as_json
def audit(settings: Settings, *, limit: int, json_: bool) -> None:
    """List who labelled, deleted, held, or changed what is watched, and when, the newest first.

    Changes that somebody made to INDEX.md with an editor are not in it.
    """
    from archive.api import Archive, serialize_access
    from archive.api.index_changes import cut_off_change

    if (change := cut_off_change(settings.index)) is not None:
        warn(f"a process died while it changed the index ({change}); the next run notes it here")
    with Archive(settings.db) as archive:
        entries = archive.audit(limit=limit).rows
    if json_:
        print_json({"audit": [serialize_access.audit_entry(entry) for entry in entries]})
        return
    for entry in entries:
        click.echo(wrap(sanitize(_describe_entry(entry)), then="  "))
    if not entries:
        say("Nobody changed anything yet.")


def _describe_entry(entry: AuditEntry) -> str:
    from archive.api.serialize_access import who

    detail = f" ({entry.detail})" if entry.detail else ""
    return f"{format_minute(entry.changed_at)}  {who(entry.actor)}  {entry.action}  {entry.subject}{detail}"
