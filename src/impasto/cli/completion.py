"""``impasto completion``: what a shell needs to complete commands, options and the names of styles."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from impasto.assets import BUNDLED, bundled

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_IMPASTO_COMPLETE"
"""The environment variable by which click's scripts ask for completions."""


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script for completion with the Tab key.

    It completes commands, options and styles. For bash, put this line into ~/.bashrc. For zsh, put it with zsh in place
    of bash into ~/.zshrc:

        eval "$(impasto completion bash)"

    For fish: impasto completion fish > ~/.config/fish/completions/impasto.fish
    """
    shell_class = get_completion_class(shell)
    assert shell_class
    click.echo(shell_class(ctx.find_root().command, {}, "impasto", _VARIABLE).source())


def complete_style(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The styles that come with impasto, and files, for an option that takes either."""
    names = {path.stem for name in BUNDLED for path in (bundled(name) / "styles").glob("*.safetensors")}
    matching = sorted(name for name in names if name.startswith(incomplete))
    return [CompletionItem(name) for name in matching] or [CompletionItem(incomplete, type="file")]
