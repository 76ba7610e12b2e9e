"""``padctl completion``: the script that has a shell complete padctl's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell, for /etc/bash_completion.d/padctl or its like."""
    click.echo(script(shell, context.find_root().command))


def script(shell: str, command: click.Command) -> str:
    """What a shell has to read to complete padctl's words."""
    made = get_completion_class(shell)
    if made is None:
        raise ValueError(f"no completion is known for {shell}")
    completer = made(command, {}, "padctl", "_PADCTL_COMPLETE")
    # not source(): that of bash runs the bash of this machine to see its version
    return completer.source_template % completer.source_vars()
