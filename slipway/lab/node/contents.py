"""The images of a node: for each image of the charts the real program or a stand-in, and CoreDNS's and the pause image."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.build.render import Object
from slipway.core.errors import Problem, WorkspaceError
from slipway.lab.node import cluster_dns, declarations
from slipway.lab.node.catalogue import EXPECTED, PROGRAMS, SHELL, Expected, Program, repository
from slipway.lab.node.declarations import Declared
from slipway.lab.node.images import Image, Layer, name_in_store, references
from slipway.lab.node.settings import PAUSE
from slipway.toolchain.node_machine import search_path
from slipway.tools.run import Command, Runner, which
from slipway.util import yaml

STAND_IN = "usr/local/bin/stand-in"
SHELLS = frozenset({"sh", "/bin/sh", "env", "/bin/env"})
LIBRARY = re.compile(r"(?:=>\s*)?(/\S+)\s+\(0x")
"""A line of ldd(1) with a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one image has, for the table."""

    name: str
    """In the node's store."""
    program: str
    """`stand-in` for a program that cannot be had."""


def images_of(
    objects: Iterable[Object],
    programs: Mapping[str, Path],
    authority: Path,
    environ: Mapping[str, str],
    run: Runner,
) -> tuple[tuple[Image, ...], tuple[Shown, ...]]:
    """Every image that the pods of these objects name, and what is in each.

    Args:
        objects: of all umbrellas.
        programs: Go tool or group of packages → its program.
        authority: certificate that hosts on the internet are trusted by; the file may come later.
        environ: where programs of this machine are looked up.
        run: for ldd(1).

    Raises:
        WorkspaceError: a program of this machine is missing.
    """
    objects = tuple(objects)
    declared = dict(declarations.by_image(objects))
    found = {*declared, *others(objects), cluster_dns.IMAGE}
    shell = shell_layer(authority, environ, run)
    kinds: dict[str, Layer] = {"stand-in": Layer(files={STAND_IN: programs["stand-in"]})}
    images, shown = [], []
    for reference in sorted(found):
        program = PROGRAMS.get(repository(reference))
        tool = program.tool if program else "stand-in"
        if program and tool not in kinds:
            kinds[tool] = layer_of(program, programs, environ, run)
        rows = declared.get(reference, ())
        layers = (shell, kinds[tool]) if program else (shell, kinds[tool], own(reference, rows))
        images.append(
            Image(
                names=(name_in_store(reference),),
                entrypoint=(program.entrypoint or (f"/{program.path}",)) if program else (f"/{STAND_IN}",),
                layers=layers,
                workdir=program.workdir if program else "/",
            )
        )
        shown.append(Shown(name=name_in_store(reference), program=tool))
    pause = Image(names=(PAUSE,), entrypoint=(f"/{SHELL}", "sleep", "infinity"), layers=(shell,))
    return (*images, pause), tuple(shown)


def others(objects: Iterable[Object]) -> set[str]:
    """Images in settings: a ConfigMap may hold a pod."""
    found: set[str] = set()
    for item in objects:
        data = item.at("data") if item.kind == "ConfigMap" else None
        for name, text in data.items() if isinstance(data, Mapping) else ():
            if str(name).endswith((".yaml", ".yml")) and "image:" in str(text):
                for document in yaml.load_all(str(text)):
                    found |= set(references(document))
    return found


def own(reference: str, rows: Iterable[Declared]) -> Layer:
    """What a stand-in reads, and links to it for the programs that pods start by name."""
    rows = tuple(rows)
    expected = EXPECTED.get(repository(reference), Expected())
    names = {name for name in declarations.programs(rows) if name not in SHELLS} | set(expected.programs)
    return Layer(
        files={"stand-in.json": json.dumps([row.row for row in rows]).encode()},
        links={
            (name.lstrip("/") if "/" in name else f"usr/local/bin/{name}"): f"/{STAND_IN}" for name in sorted(names)
        },
        folders=dict.fromkeys(expected.folders, 0o755),
    )


def layer_of(program: Program, programs: Mapping[str, Path], environ: Mapping[str, str], run: Runner) -> Layer:
    """A real program, with its libraries where it is one of this machine's."""
    path = of_machine(program.tool, environ) if program.of_machine else programs[program.tool]
    files: dict[str, Path | bytes] = {program.path: path}
    files |= {target: of_machine(name, environ) for target, name in program.others.items()}
    files |= {target: programs[name] for target, name in program.beside.items()}
    if program.of_machine:
        files |= with_libraries(files.values(), run)
    files |= {target: text.encode() for target, text in program.texts.items()}
    return Layer(files=files, links=dict.fromkeys(program.links, f"/{program.path}"))


def with_libraries(programs: Iterable[Path | bytes], run: Runner) -> dict[str, Path | bytes]:
    """The libraries of programs of this machine, at their places."""
    found: dict[str, Path | bytes] = {}
    for program in programs:
        listed = run(Command(argv=("ldd", str(program)))).stdout
        found |= {path.lstrip("/"): Path(os.path.realpath(path)) for path in LIBRARY.findall(listed)}
    return found


def shell_layer(authority: Path, environ: Mapping[str, str], run: Runner) -> Layer:
    """A shell with its tools, users, trusted certificates, and folders that programs expect."""
    busybox, flock = of_machine("busybox", environ), of_machine("flock", environ)
    applets = ("sh", "env", "cat", "cp", "mkdir", "rm", "ls", "mv", "ln", "chmod", "chown", "sleep", "sed", "grep", "awk",
               "cut", "tr", "head", "tail", "date", "touch", "id", "wget", "nc", "nslookup", "ping", "ip", "test", "httpd",
               "tar", "find", "du", "wc", "stat", "mktemp", "sort", "printf", "echo", "true", "false", "timeout", "dd")  # fmt: skip
    users = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
    return Layer(
        files={
            SHELL: busybox,
            # Debian's busybox has none.
            "usr/bin/flock": flock,
            **with_libraries((flock,), run),
            "etc/ssl/certs/ca-certificates.crt": authority,
            "etc/passwd": users,
            "etc/group": b"root:x:0:\nnobody:x:65534:\n",
        },
        links={f"bin/{name}": f"/{SHELL}" for name in applets},
        folders={
            **dict.fromkeys(("bin", "etc", "usr", "usr/bin", "usr/local", "usr/local/bin", "var", "root"), 0o755),
            "tmp": 0o1777,
        },
    )


def of_machine(name: str, environ: Mapping[str, str]) -> Path:
    """A program that this machine must have.

    Raises:
        WorkspaceError: it is missing.
    """
    found = which(name, search_path(environ.get("PATH")))
    if found is None:
        raise WorkspaceError(Problem(where=name, fact="is not installed", hint="./inv doctor"))
    return found.resolve()
