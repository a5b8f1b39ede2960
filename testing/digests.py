"""Digests on pages are those that a reader's own release prints: every one is compared, digit for digit.

A package names its registry, so in a copy of the repository, whose registry has a port of its own, its manifest has another
digest. The charts of the copy are packed once more as for the default port, and each digest of the copy stands for that one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from slipway.config import load_config
from slipway.context import open_context
from slipway.docs.checks import console_output
from slipway.docs.checks.console_blocks import ConsoleCommand
from slipway.registry.publish import manifest_of
from slipway.workspace import graph

DIGEST = re.compile(r"sha256:[0-9a-f]{64}\b")


def as_published_by_a_reader(root: Path, environ: Mapping[str, str], lines: Sequence[str]) -> list[str]:
    """Lines of a copy's output with the manifests of the default port.

    Args:
        root: the copy, with the charts as they were published.
        environ: what names its registry.
        lines: the output.
    """
    if not any(DIGEST.search(line) for line in lines):
        return list(lines)
    default = {"SLIPWAY_REGISTRY_PORT": load_config(root, {}).registry.host.rpartition(":")[2]}
    here, there = (manifests(root, {**os.environ, **environ, **more}) for more in ({}, default))
    names = {here[chart]: there[chart] for chart in here}
    return [DIGEST.sub(lambda found: names.get(found[0], found[0]), line) for line in lines]


def manifests(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Chart → the digest of the manifest that a release publishes."""
    context = open_context(root, environ, quiet=True)
    built, problems = context.builder().build(graph.order(context.workspace))
    assert problems == ()
    return {str(name): str(manifest_of(one.archive)[1]) for name, one in built.items()}


def update(page: Path, step: ConsoleCommand, output: Sequence[str]) -> ConsoleCommand:
    """Write the digests of an output into the page that shows them; returns the command as the page has it then."""
    text = page.read_text(encoding="utf-8").split("\n")
    start = step.line - 1 + len(step.command.splitlines())
    end = start + len(step.output)
    text[start:end] = with_digests(text[start:end], output)
    page.write_text("\n".join(text), encoding="utf-8")
    return replace(step, output=tuple(with_digests(step.output, output)))


def with_digests(shown: Sequence[str], output: Sequence[str]) -> list[str]:
    """Shown lines with the digests of the lines of the output that are like them otherwise, one after the other."""
    made, place = [], 0
    for line in shown:
        like = next(
            (
                number
                for number in range(place, len(output))
                if DIGEST.search(line) and shape(output[number]) == shape(line)
            ),
            None,
        )
        if like is None:
            made.append(line)
            continue
        found = iter(DIGEST.findall(output[like]))
        made.append(DIGEST.sub(lambda _, found=found: next(found), line))  # type: ignore[misc]
        place = like + 1
    return made


def shape(line: str) -> str:
    """A line without its digests, and without what differs from run to run."""
    return console_output.normalized(DIGEST.sub("sha256:#", line)).strip()
