"""The `mlsteam` command: its subcommands, and errors to exit codes.

Called by people and by job scripts. Exit codes: 0 done; 1 not done, or something is left; 2 wrong use or settings;
`run` ends with the code of its command. click and rich are imported only here and below.
"""

import importlib

import click

from mlsteam.cli import account, agent, reading, run, spool, stop, tensorboard
from mlsteam.errors import MLSteamError, SettingsError
from mlsteam.first_process import is_first, run_as_first

SHELLS = ("bash", "zsh", "fish")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mlsteam-client")
def cli() -> None:
    """Log trainings to MLSteam Track, and read what was logged."""


@cli.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what your shell needs to complete this command: `eval "$(mlsteam completion bash)"`."""
    kind = importlib.import_module("click.shell_completion").get_completion_class(shell)
    click.echo(kind(cli, {}, "mlsteam", "_MLSTEAM_COMPLETE").source())


for _command in (
    account.login, account.init, account.tokens, run.run, spool.sync, spool.status, reading.ls, reading.get,
    reading.export, tensorboard.import_tensorboard, stop.stop, agent.agent,
):  # fmt: skip
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    # As the command of a container: `mlsteam run` there must end when it is told to.
    return run_as_first(lambda: _main(arguments)) if is_first() else _main(arguments)


def _main(arguments: list[str] | None) -> int:
    try:
        result = cli.main(args=arguments, prog_name="mlsteam", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except (MLSteamError, OSError) as error:
        click.echo(f"mlsteam: {error}", err=True)
        return 2 if isinstance(error, SettingsError) else 1
    return result if isinstance(result, int) else 0
