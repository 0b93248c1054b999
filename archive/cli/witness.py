"""The verb witness: cosign the checkpoints of other logs, so that nobody can be shown another history."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json, print_json, verb
from archive.cli.output import count, say, warn

if TYPE_CHECKING:
    from archive.settings import Settings

_FOLDER = click.option(
    "--folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where key and state of the witness are. Default: data/witness beside the archive.",
)


@click.group(subcommand_metavar="COMMAND ...", context_settings={"help_option_names": ["-h", "--help"]})
def witness() -> None:
    r"""Be a witness of other logs: cosign their checkpoints if they continue what you saw before.

    Two newsrooms can do it for each other. A witness needs no archive and sees no page: a checkpoint is a number and a
    digest. The protocol is tlog-witness of C2SP. Needs the extra wirecopy[proof].

    \b
    wirecopy witness key --create daily.example/witness
    wirecopy witness serve --log other.example/archive+0f1e2d3c+AZ... --port 8030
    """


@verb
@click.option("--create", metavar="NAME", help="Create the key of this witness, with this name.")
@_FOLDER
@as_json
def key(settings: Settings, *, create: str | None, folder: Path | None, json_: bool) -> None:
    """Print the public key of this witness, or create the key with --create.

    Give it to the owners of the logs, and to everybody who checks evidence: wirecopy-verify FILE --witness KEY.
    """
    from archive.api import witness as witnessing
    from archive.formats.cosignature import witness_key

    place = folder or settings.db.parent / "witness"
    if create is None:
        private = witnessing.read_key(place)
    else:
        private = witnessing.create_key(place, create, seed=secrets.token_bytes(32))
    public = witness_key(private)
    if json_:
        print_json({"name": private.name, "key": public})
    else:
        click.echo(public)
    if create is not None:
        say(f"The private key is {witnessing.key_path(place)}. Copy it to a safe place. Never restore the folder from")
        say("a backup: the witness would forget what it cosigned. If it is lost, make a key with another name.")


@verb
@click.option("--log", "logs", metavar="KEY", multiple=True, required=True, help="Public key of a log; repeatable.")
@click.option("--port", metavar="PORT", type=click.IntRange(0, 65535), default=8030, show_default=True)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen at.")
@_FOLDER
def serve(settings: Settings, *, logs: tuple[str, ...], port: int, host: str, folder: Path | None) -> None:
    r"""Answer the logs with these public keys at http://HOST:PORT/add-checkpoint until Ctrl-C.

    Only a checkpoint that a log signed and that continues the last one is cosigned, so anybody may reach the address.
    Put a reverse proxy with TLS before it.

    \b
    wirecopy witness serve --log other.example/archive+0f1e2d3c+AZ...
    """
    from archive.api.witness import Witness
    from archive.serve.server import listen, run
    from archive.serve.witness_app import create_witness_app

    present = Witness(folder or settings.db.parent / "witness", logs)
    for log in logs:
        present.last(log.partition("+")[0])  # raises now if the state cannot be read
    with listen(host, port) as socket:
        name, actual_port = socket.getsockname()[:2]
        address = f"http://{f'[{name}]' if ':' in name else name}:{actual_port}"
        say(f"The witness {present.key.name} answers {count(len(logs), 'log')} at {address}; press Ctrl-C to stop.")
        try:
            run(create_witness_app(present, clock=settings.wall, report=warn), socket)
        except KeyboardInterrupt:
            say("Stopped.")


for _command in (key, serve):
    witness.add_command(_command)
