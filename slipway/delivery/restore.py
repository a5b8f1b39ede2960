"""How a service gets a copy back: the steps, from what it renders. Pure.

The copy's CronJob says everything: which volumes, which databases, what was left out, whose repository. The Job that restores
is the same pod with the work turned round: restic writes what it read, and each dump is loaded after that.
"""

from __future__ import annotations

import copy
import itertools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.core.errors import Problem, WorkspaceError
from slipway.gitops.applications import PAUSE
from slipway.util import yaml
from slipway.util.mapping import dig, listing

LATEST = "latest"
SNAPSHOT = re.compile(r"latest|[0-9a-f]{8,64}")
NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
SCALED = ("Deployment", "StatefulSet")

FILES = 'restic restore "$SNAPSHOT:{path}" --retry-lock 1h --host "$NAMESPACE" --tag "$SERVICE" --target {path} --delete{exclude}\n'
"""Volume by volume: a mount point belongs to the node, and nobody else may give it the times that it had.

What a copy leaves out stays as it is.
"""

DATABASE = """\
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --command 'DROP OWNED BY CURRENT_USER CASCADE'
pg_restore --no-owner --no-comments --file - {dump} |
  sed "/^SELECT pg_catalog/s/set_config('search_path', ''/set_config('search_path', 'public'/" |
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --output /dev/null
"""
"""Nothing of the owner stays; extensions are the superuser's, who made them when the database was new.

Functions of some extensions, such as earthdistance, find each other only by a search path, and an index calls them.
"""


SQLITE = """\
import pathlib, shutil, sys
volume, dump = map(pathlib.Path, sys.argv[1:3])
for name in sys.argv[3:]:
    for end in ("-wal", "-shm", "-journal"):
        (volume / f"{name}{end}").unlink(missing_ok=True)
    (volume / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(dump / name, volume / name)
"""
"""What was written after the copy and lies beside the database would be read into it, so it goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of kubectl."""

    title: str
    arguments: tuple[str, ...]
    stdin: bytes = b""

    @property
    def text(self) -> str:
        """As a person would type it."""
        command = shlex.join(("kubectl", *self.arguments))
        return f"{command} <<'EOF'\n{self.stdin.decode()}EOF" if self.stdin else command


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything from the pause to the end of it."""

    service: str
    namespace: str
    snapshot: str
    steps: tuple[Step, ...]


def check_snapshot(snapshot: str) -> None:
    """Refuse what cannot be a snapshot of restic.

    Raises:
        WorkspaceError: it cannot.
    """
    if not SNAPSHOT.fullmatch(snapshot):
        hint = "`restic snapshots` lists them; leave it out for the latest"
        raise WorkspaceError(Problem(where="--snapshot", fact=f"{snapshot!r} is not a snapshot's ID", hint=hint))


def plan(
    objects: Sequence[Object], *, service: str, namespace: str, argocd: str, also: Sequence[str] = (), snapshot: str
) -> Plan:
    """The steps for one service.

    Args:
        objects: what its umbrella renders in the environment.
        service: the chart, or its alias.
        namespace: the umbrella's; its Application is called so.
        argocd: the namespace of Argo CD.
        also: services that must not run meanwhile, such as the application that a database belongs to.
        snapshot: `latest`, or the ID of a snapshot.

    Raises:
        WorkspaceError: none of the service's data is backed up, or the snapshot cannot be one.
    """
    check_snapshot(snapshot)
    cron = next((item for item in objects if item.kind == "CronJob" and is_copy(item, service)), None)
    if cron is None:
        raise WorkspaceError(
            Problem(
                where=service,
                fact="none of its data is backed up",
                hint="./inv backups shows why; `backup.enabled` in platform.yaml turns backups on",
            )
        )
    ours = [item for item in objects if item.labels.get(NAME) in {service, *also}]
    stopped = [item for item in ours if item.kind in SCALED]
    timed = [item for item in ours if item.kind == "CronJob" and item.at("spec", "suspend") is not True]
    job = job_of(cron, snapshot)
    here = ("--namespace", namespace)
    name = str(dig(job, "metadata")["name"])
    application = ("--namespace", argocd, "annotate", "application", namespace)
    return Plan(
        service=service,
        namespace=namespace,
        snapshot=snapshot,
        steps=(
            Step(title="Argo CD leaves the namespace alone", arguments=(*application, f"{PAUSE}=true", "--overwrite")),
            *(suspended(here, item, suspend=True) for item in timed),
            *(scaled(here, item, 0, "stop") for item in stopped),
            *gone(here, stopped),
            Step(
                title="the last restore goes", arguments=(*here, "delete", "job", name, "--ignore-not-found", "--wait")
            ),
            Step(title="restore", arguments=(*here, "create", "--filename", "-"), stdin=yaml.dump(job)),
            # A condition of any kind ends the wait; the next step asks which.
            Step(
                title="wait for its end",
                arguments=(
                    *here,
                    "wait",
                    f"job/{name}",
                    "--for",
                    "jsonpath={.status.conditions[0].type}",
                    "--timeout",
                    "6h",
                ),
            ),
            Step(
                title="it must have succeeded",
                arguments=(*here, "wait", f"job/{name}", "--for", "condition=Complete", "--timeout", "2m"),
            ),
            *(scaled(here, item, int(str(item.at("spec", "replicas"))), "start") for item in stopped),
            *(suspended(here, item, suspend=False) for item in timed),
            Step(title="Argo CD goes on", arguments=(*application, f"{PAUSE}-")),
        ),
    )


def is_copy(item: Object, service: str) -> bool:
    """Whether a CronJob is the library's for a service."""
    return item.labels.get(NAME) == service and item.labels.get(COMPONENT) == "backup"


def scaled(here: tuple[str, ...], item: Object, replicas: int, verb: str) -> Step:
    """A workload with another number of pods."""
    what = f"{item.kind.lower()}/{item.name}"
    return Step(title=f"{verb} {item.name}", arguments=(*here, "scale", what, f"--replicas={replicas}"))


def suspended(here: tuple[str, ...], item: Object, *, suspend: bool) -> Step:
    """A CronJob that begins nothing, or does so again."""
    patch = f'{{"spec": {{"suspend": {str(suspend).lower()}}}}}'
    title = f"{item.name} waits" if suspend else f"{item.name} goes on"
    return Step(title=title, arguments=(*here, "patch", "cronjob", item.name, "--type", "merge", "--patch", patch))


def gone(here: tuple[str, ...], stopped: Sequence[Object]) -> Iterator[Step]:
    """The wait until no pod of a workload is left: two must not write to one volume."""
    for item in stopped:
        labels = dig(item.data, "spec", "selector", "matchLabels")
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        arguments = (*here, "wait", "pod", "--selector", selector, "--for", "delete", "--timeout", "10m")
        yield Step(title=f"{item.name} has ended", arguments=arguments)


def job_of(cron: Object, snapshot: str) -> dict[str, object]:
    """The Job that turns a CronJob's work round."""
    template = copy.deepcopy(dict(dig(cron.data, "spec", "jobTemplate", "spec", "template")))
    spec = dict(dig(template, "spec"))
    # What keeps the application quiet is no use: it is stopped.
    dumps = [loading(item) for item in listing(spec, "initContainers") if item.get("restartPolicy") != "Always"]
    (restic,) = (restoring(container, snapshot) for container in listing(spec, "containers"))
    if dumps:
        spec |= {"initContainers": [restic], "containers": dumps}
    else:
        spec["containers"] = [restic]
    spec["restartPolicy"] = "Never"
    template["spec"] = spec
    labels = {key: value for key, value in cron.labels.items() if key.startswith("app.kubernetes.io/")}
    name = f"{cron.labels[NAME]}-restore"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": cron.namespace, "labels": labels},
        "spec": {"backoffLimit": 0, "activeDeadlineSeconds": 21600, "template": template},
    }


def writable(container: Mapping[str, object]) -> list[dict[str, object]]:
    """A container's mounts, to write to."""
    return [
        {key: value for key, value in mount.items() if key != "readOnly"}
        for mount in listing(container, "volumeMounts")
    ]


def restoring(container: Mapping[str, object], snapshot: str) -> dict[str, object]:
    """restic's container, which writes what the copy has."""
    arguments = container.get("args")
    script = str(arguments[0]) if isinstance(arguments, list) and arguments else ""
    mounts = writable(container)
    folders = sorted(path for mount in mounts if (path := str(mount["mountPath"])).startswith("/data/"))
    without = tuple(left_out(script))
    variables = [*listing(container, "env"), {"name": "SNAPSHOT", "value": snapshot}]
    return {
        **container,
        "command": ["sh", "-ec"],
        "args": ["".join(FILES.format(path=path, exclude=excluded(path, without)) for path in folders)],
        "env": variables,
        "volumeMounts": mounts,
    }


def excluded(folder: str, paths: Sequence[str]) -> str:
    """The flags that keep what a copy of a folder left out."""
    inside = (path.removeprefix(folder) for path in paths if path.startswith(f"{folder}/"))
    return "".join(f" --exclude {shlex.quote(path)}" for path in inside)


def left_out(script: str) -> Iterator[str]:
    """Paths that a copy leaves out."""
    (line,) = (line for line in script.splitlines() if line.startswith("restic backup "))
    words = shlex.split(line)
    for word, path in itertools.pairwise(words):
        if word == "--exclude":
            yield path


def loading(container: Mapping[str, object]) -> dict[str, object]:
    """The container that loads a dump, from the one that writes it."""
    command = container.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else []
    if words[0] == "python3":
        return {**container, "name": f"load-{container['name']}", "command": ["python3", "-c", SQLITE]}
    (dump,) = (word.removeprefix("--file=") for word in words if word.startswith("--file="))
    return {
        **container,
        "name": str(container["name"]).replace("dump-", "load-", 1),
        "command": ["bash", "-eo", "pipefail", "-c"],
        "args": [DATABASE.format(dump=shlex.quote(dump))],
    }


def text(made: Plan) -> str:
    """The steps as commands with their reasons, to be read or typed."""
    head = f"# {made.service} in {made.namespace} as it was in the copy {made.snapshot}; --apply does it"
    return "\n".join([head, *(f"\n# {step.title}\n{step.text}" for step in made.steps)])
