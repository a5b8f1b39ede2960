"""Argo CD's Applications on the terminal, while they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from slipway.cluster.applications import HEAD, Application
from slipway.util.progress import Progress
from slipway.util.terminal import Table, table, width_of


@contextmanager
def live(progress: Progress) -> Iterator[Callable[[tuple[Application, ...]], None]]:
    """Show the Applications while they change: a table in place on a terminal, a line for each change elsewhere."""
    if progress.quiet:
        yield lambda _: None
        return
    if progress.stream.isatty():
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        with Live(console=Console(file=progress.stream), auto_refresh=False, transient=True) as display:
            yield lambda found: display.update(
                Text(applications_table(found).text(width_of(progress.stream))), refresh=True
            )
        return
    shown: dict[str, tuple[str, ...]] = {}

    def report(found: tuple[Application, ...]) -> None:
        for item in found:
            if shown.get(item.name) != item.row:
                shown[item.name] = item.row
                progress.say("  " + "  ".join(part for part in item.row if part))

    yield report


def applications_table(found: tuple[Application, ...]) -> Table:
    """The Applications as a table."""
    return table(HEAD, (item.row for item in found))
