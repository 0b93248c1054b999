"""The verb log: the signed transparency log over all captures."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, SOME_FAILED, as_json, print_json, verb
from archive.cli.output import count, say, warn
from archive.timestamps import iso
from db.errors import BadInput

if TYPE_CHECKING:
    from archive.api.signed_log import SignedCheckpoint
    from archive.pipeline.anchors import AnchorReport
    from archive.settings import Settings


@click.group(subcommand_metavar="COMMAND ...", context_settings={"help_option_names": ["-h", "--help"]})
def log() -> None:
    r"""Sign the state of the archive, so that later changes of it can be proven.

    Every capture is an entry of a log (RFC 6962). A checkpoint is a signed line about all entries so far. Whoever has
    one can prove later that nothing before it was changed or removed. Needs the extra wirecopy[proof].

    \b
    wirecopy log key --create daily.example/archive
    wirecopy log checkpoint > checkpoint.txt            give it to somebody else
    wirecopy log consistency checkpoint.txt             later: does the archive continue it?
    """


@verb
@click.option("--create", metavar="NAME", help="Create the key of this archive's log, with this name.")
@as_json
def key(settings: Settings, *, create: str | None, json_: bool) -> None:
    """Print the public key of the log, or create the key with --create.

    The private key is a file beside the archive that only you can read. It is in no backup and no export: copy it
    yourself to a safe place. Publish the public key, so that others know it from elsewhere than the archive.
    """
    from archive.api import signed_log

    if create is None:
        public = signed_log.read_key(settings.db)
    else:
        public = signed_log.create_key(settings.db, create, seed=secrets.token_bytes(32), now=settings.wall())
    if json_:
        print_json({"name": public.name, "key": public.verifier()})
    else:
        click.echo(public.verifier())
    if create is None:
        return
    say(f"The private key is {signed_log.key_path(settings.db)}. No backup has it: copy it to a safe place yourself.")
    say("Publish the line above. Next: wirecopy log checkpoint")


@verb
@click.option("--to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Also write it to a file.")
@as_json
def checkpoint(settings: Settings, *, to: Path | None, json_: bool) -> None:
    """Sign the present state of the log and print it.

    An archive that does not continue its last checkpoint, such as an older backup, is not signed (exit code 5).
    Outside proofs that are late are named.
    """
    from archive.api import checkpoint_places, signed_log

    signed = signed_log.sign(settings.db)
    if to is not None:
        _write(to, signed.note)
    _print_checkpoint(signed, json_=json_)
    for gap in checkpoint_places.gaps(settings):
        warn(gap)


def _print_checkpoint(signed: SignedCheckpoint, *, json_: bool) -> None:
    if not json_:
        click.echo(signed.note, nl=False)
        return
    state = signed.checkpoint
    print_json({"origin": state.origin, "size": state.size, "root": state.root.hex(), "note": signed.note})


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}). Name another file") from error


@verb
@click.argument("entry", metavar="NUMBER|URL[@N|@T]")
def prove(settings: Settings, entry: str) -> None:
    r"""Print the proof that a capture is in the log, as a C2SP tlog-proof.

    NUMBER is that of the hash chain in wirecopy cite. For an address it is the capture that cite names.

    \b
    wirecopy log prove 63
    wirecopy log prove https://daily.example/border-talks@2026-01-05T09:00Z
    """
    from archive.api import Archive, signed_log
    from archive.api.version_ref import parse_ref

    if entry.isascii() and entry.isdecimal():
        number = int(entry[:18])
    else:
        with Archive(settings.db) as archive:
            number = archive.cite(parse_ref(entry, now=settings.local_now())).link.position
    click.echo(signed_log.prove(settings.db, number), nl=False)


@verb
@click.argument("old", metavar="CHECKPOINT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "verifier", metavar="KEY", help="The public key that must have signed it. Default: our own.")
@as_json
def consistency(settings: Settings, old: Path, *, verifier: str | None, json_: bool) -> int:
    """Prove that the archive continues an earlier checkpoint, and print the hashes of the proof.

    Exit code 1 means that the archive does not: entries before the checkpoint were changed, or are missing.
    """
    from base64 import b64encode

    from archive.api import signed_log
    from archive.formats import signed_note

    try:
        note = old.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{old}: cannot be read ({error})") from error
    text = signed_note.open_note(note, verifier or signed_log.read_key(settings.db).verifier())
    earlier = signed_note.parse_checkpoint(text)
    try:
        size, proof = signed_log.continues(settings.db, earlier)
    except signed_log.LogForked as error:
        if json_:
            print_json({"consistent": False, "problem": str(error), "before": earlier.size})
        else:
            say(f"Not consistent: {error}.")
        return PROBLEMS
    if json_:
        hashes = [sibling.hex() for sibling in proof]
        print_json({"consistent": True, "before": earlier.size, "size": size, "proof": hashes})
        return 0
    for sibling in proof:
        click.echo(b64encode(sibling).decode())
    say(f"The log of {count(size, 'entry', 'entries')} continues the {earlier.size} of {old}.")
    return 0


@verb
@click.option("--because", metavar="REASON", required=True, help="The reason, which is recorded in the new log.")
@as_json
def new(settings: Settings, *, because: str, json_: bool) -> None:
    """Begin a new log after the archive was replaced by an older one.

    The new log has the next name (NAME/2). Its first entry names the old log, its last checkpoint and the reason.
    """
    from archive.api import signed_log

    signed = signed_log.begin_new_log(settings.db, because=because, now=settings.wall())
    _print_checkpoint(signed, json_=json_)
    say(f"The log {signed.checkpoint.origin} begins. Publish its key: wirecopy log key")


@verb
@click.argument("url")
@click.option("--key", "verifier", metavar="KEY", required=True, help="The public key of the log: name+id+key.")
@click.option(
    "--state",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the last checkpoint is kept. Default: a file named after the log in data/logs/.",
)
@as_json
def monitor(settings: Settings, url: str, *, verifier: str, state: Path | None, json_: bool) -> int:
    r"""Check that the log of another archive continues what it showed the last time.

    URL is the address of its log: wirecopy serve has it at /log. Exit code 1 means that the log does not continue the
    last checkpoint, and the new one is not kept. Exit code 3 means that it cannot be read now.

    \b
    wirecopy log monitor https://archive.example/log --key daily.example/archive+0f1e2d3c+AZ...
    """
    import re

    from archive.crawl.fetch import policy_from
    from archive.crawl.log_monitor import watch

    name = re.sub(r"[^\w.-]+", "-", verifier.partition("+")[0][:100])
    path = state or settings.db.parent / "logs" / f"{name}.checkpoint"
    path.parent.mkdir(parents=True, exist_ok=True)
    report = watch(policy_from(settings), url.rstrip("/"), verifier=verifier, state=path)
    if json_:
        print_json({"result": report.result, "sentence": report.sentence})
    else:
        say(report.sentence)
    return {"consistent": 0, "unreadable": SOME_FAILED}.get(report.result, PROBLEMS)


@verb
@as_json
def anchor(settings: Settings, *, json_: bool) -> int:
    """Get every outside proof of the settings now: time stamps, cosignatures of witnesses, copies of the checkpoint.

    The settings are authorities, witnesses and checkpoints_to. wirecopy refresh and upkeep do it by themselves, once an
    hour at most, mails once a day. Exit code 3 means that one of them failed.
    """
    import asyncio

    from archive.api.checkpoint_places import places_of
    from archive.pipeline import anchors, outside

    places = places_of(settings)
    if not settings.authorities and not places:
        raise BadInput(
            'nothing outside is set. Write authorities = ["https://tsa.example/tsr"], witnesses or checkpoints_to into '
            "wirecopy.toml; docs/proof.md says how"
        )
    stamps = asyncio.run(anchors.anchor(settings)) if settings.authorities else []
    deliveries = asyncio.run(outside.give_out(settings, places))
    if json_:
        rows = [{"place": report.place.shown, "problem": report.problem or None} for report in deliveries]
        print_json({"anchors": [_anchor(report) for report in stamps], "places": rows})
    else:
        for report in stamps:
            say(f"{report.authority}: {report.problem or f'stamped {report.stamped_at:%Y-%m-%d %H:%M:%S} UTC'}")
        for delivery in deliveries:
            done = "cosigned" if delivery.place.is_witness else "has the checkpoint"
            say(f"{delivery.place.shown}: {delivery.problem or done}")
    problems = [report.problem for report in stamps] + [delivery.problem for delivery in deliveries]
    return SOME_FAILED if any(problems) else 0


@verb
@click.argument("version", metavar="URL[@N|@T]")
@click.option(
    "--archive", metavar="ADDRESS", required=True, help="The archive: prefix of its TimeMaps, or its CDX server."
)
@as_json
def memento(settings: Settings, version: str, *, archive: str, json_: bool) -> int:
    r"""Ask a second archive for its capture of a page, and make its answer an entry of the log.

    It is the only outside proof about the page itself. The other archive learns what you archive. Evidence of the
    version has the answer from then on. Exit code 3 means that the other archive gave none.

    \b
    wirecopy log memento https://daily.example/border-talks@2 --archive https://archive.example/timemap/link/
    """
    import asyncio

    from archive.api.version_ref import parse_ref
    from archive.pipeline.second_captures import NoSecondCapture, ask_second_archive

    try:
        answer = asyncio.run(ask_second_archive(settings, parse_ref(version, now=settings.now()), archive))
    except NoSecondCapture as error:
        warn(str(error))
        return SOME_FAILED
    if json_:
        print_json({"entry": answer.entry, "same_bytes": answer.has_same_bytes, "record": answer.record})
        return 0
    bytes_ = "the same bytes as ours" if answer.has_same_bytes else "other bytes than ours"
    say(f"{answer.record['archive']} has a capture of {answer.record['memento_datetime']}, with {bytes_}.")
    say(f"It is number {answer.entry} of the log. Evidence of this version has it from now on.")
    return 0


def _anchor(report: AnchorReport) -> dict[str, str | None]:
    stamped_at = None if report.stamped_at is None else iso(report.stamped_at)
    return {"authority": report.authority, "stamped_at": stamped_at, "problem": report.problem or None}


for _command in (key, checkpoint, anchor, memento, prove, consistency, new, monitor):
    log.add_command(_command)
