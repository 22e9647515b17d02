"""`mlsteam login`, `init` and `tokens`: who you are, which project a folder belongs to.

Called by main.py. Guarantees that a token is kept only after the server took it, in a file that only its owner reads.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from mlsteam.cli.output import json_option, write_json, write_rows
from mlsteam.configfile import PROJECT_FILE, read_user, user_file, write_config
from mlsteam.creation import JSON
from mlsteam.reading import expect, read_json
from mlsteam.settings import address_of, read_settings
from mlsteam.transport import HttpTransport


def connect() -> HttpTransport:
    """Return the way to the server of the settings. Raises: SettingsError."""
    settings = read_settings()
    return HttpTransport(settings.backend, settings.token)


@click.command()
@click.option("--backend", help="The address of the server; not needed where the token names it.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input instead of asking for it.")
def login(backend: str | None, token_stdin: bool) -> None:
    """Keep an API token and the address of its server for this user."""
    token = sys.stdin.readline().strip() if token_stdin else ""
    token = token or click.prompt("API token (the page makes them under your name)", hide_input=True).strip()
    address = (backend or address_of(token)).rstrip("/") or click.prompt("Address of the server").rstrip("/")
    settings = read_settings(api_token=token, backend=address)
    projects = read_json(HttpTransport(settings.backend, settings.token), "/api/v3/projects?limit=1", "take the token")
    write_config(user_file(), read_user() | {"backend": address, "api_token": token})
    click.echo(f"Signed in to {address}; kept in {user_file()}.")
    if not projects["items"]:
        click.echo("You see no project yet: `mlsteam init --create NAME` makes one.")


@click.command()
@click.argument("project")
@click.option("--create", is_flag=True, help="Make the project when there is none of that name.")
def init(project: str, create: bool) -> None:
    """Let trainings in this folder log to PROJECT: writes .mlsteam.yml, to be committed with the code."""
    transport = connect()
    reply = transport.request("GET", f"/api/v3/projects/{quote(project, safe='')}")
    if reply.status == 404 and create:
        reply = transport.request("POST", "/api/v3/projects", msgspec.json.encode({"name": project}), JSON)
    elif reply.status == 404:
        raise click.ClickException(f"There is no project {project!r}; --create makes it.")
    expect(reply, "open the project")
    write_config(Path.cwd() / PROJECT_FILE, {"project": project})
    (Path.cwd() / PROJECT_FILE).chmod(0o644)
    click.echo(f"Trainings in {Path.cwd()} log to {project}.")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def tokens(context: click.Context, as_json: bool) -> None:
    """List your API tokens; `create` and `revoke` change them."""
    if context.invoked_subcommand is None:
        items: list[dict[str, Any]] = read_json(connect(), "/api/v3/tokens", "list the tokens")["items"]
        write_rows(items, ["token_id", "name", "scope", "created_at", "expires_at", "last_used_at"], as_json=as_json)


@tokens.command("create")
@click.argument("name")
@click.option("--days", type=float, help="How long it lasts.")
@json_option
def create_token(name: str, days: float | None, as_json: bool) -> None:
    """Make a token; it is shown this once."""
    body = msgspec.json.encode({"name": name, "expires_in_days": days})
    made = expect(connect().request("POST", "/api/v3/tokens", body, JSON), "make a token").json()
    if as_json:
        write_json(made)
    else:
        click.echo(made["token"])


@tokens.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke_token(token_id: object) -> None:
    """Make a token useless at once."""
    expect(connect().request("DELETE", f"/api/v3/tokens/{token_id}"), "revoke the token")
    click.echo("Revoked.")
