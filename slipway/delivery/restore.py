"""How a service gets a copy back: the steps, from what it renders. Pure.

The backup's CronJob states everything: its annotation which volumes, which databases and what is left out, its pod the images,
accounts and repository. The Job that restores is the same pod in the other direction: restic writes what it read, and each dump
is loaded after that.
"""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.core.errors import Problem, WorkspaceError
from slipway.delivery import backup_plan
from slipway.delivery.backup_plan import Dump, Folder
from slipway.gitops.applications import PAUSE
from slipway.util import yaml
from slipway.util.mapping import dig, listing

LATEST = "latest"
SNAPSHOT = re.compile(r"latest|[0-9a-f]{8,64}")
NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
SCALED = ("Deployment", "StatefulSet")

STARTING_S = 600
"""How much longer the wait for the Job is than its deadline, so that the Job says why it failed."""

FILES = 'locked restore "$SNAPSHOT:{path}" --host "$NAMESPACE" --tag "$SERVICE" --target {path} --delete{exclude}\n'
"""In the words of `common.backup.container.restic`, whose command the container has.

Volume by volume: a mount point belongs to the node, and nobody else may give it the times that it had.

What a copy leaves out stays as it is.
"""

DATABASE = """\
trap 'exit 143' TERM
{{
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --command 'DROP OWNED BY CURRENT_USER CASCADE'
pg_restore --no-owner --no-comments --file - {dump} |
  sed "/^SELECT pg_catalog/s/set_config('search_path', ''/set_config('search_path', 'public'/" |
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --output /dev/null
}} & wait "$!"
"""
"""Nothing of the owner stays; extensions are the superuser's, who made them when the database was new.

Functions of some extensions, such as earthdistance, find each other only by a search path, and an index calls them.
Process 1 does nothing at a signal without a handler, and a shell runs it between two commands; with process 1 all others end.
"""


SQLITE = """\
import pathlib, shutil, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
volume, dump = map(pathlib.Path, sys.argv[1:3])
for name in sys.argv[3:]:
    for end in ("-wal", "-shm", "-journal"):
        (volume / f"{name}{end}").unlink(missing_ok=True)
    (volume / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(dump / name, volume / name)
"""
"""What was written after the copy and lies beside the database would be read into it, so it goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubectlStep:
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
    steps: tuple[KubectlStep, ...]


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
                hint=f"./inv backups --only {service}",
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
            KubectlStep(
                title="Argo CD leaves the namespace alone", arguments=(*application, f"{PAUSE}=true", "--overwrite")
            ),
            *(suspended(here, item, suspend=True) for item in timed),
            *(scaled(here, item, 0, "stop") for item in stopped),
            *gone(here, stopped),
            KubectlStep(
                title="the last restore goes", arguments=(*here, "delete", "job", name, "--ignore-not-found", "--wait")
            ),
            KubectlStep(title="restore", arguments=(*here, "create", "--filename", "-"), stdin=yaml.dump(job)),
            # A condition of any kind ends the wait; the next step asks which.
            KubectlStep(
                title="wait for its end",
                arguments=(
                    *here,
                    "wait",
                    f"job/{name}",
                    "--for",
                    "jsonpath={.status.conditions[0].type}",
                    "--timeout",
                    f"{deadline(cron) + STARTING_S}s",
                ),
            ),
            KubectlStep(
                title="it must have succeeded",
                arguments=(*here, "wait", f"job/{name}", "--for", "condition=Complete", "--timeout", "2m"),
            ),
            *(scaled(here, item, int(str(item.at("spec", "replicas"))), "start") for item in stopped),
            *(suspended(here, item, suspend=False) for item in timed),
            KubectlStep(title="Argo CD goes on", arguments=(*application, f"{PAUSE}-")),
        ),
    )


def is_copy(item: Object, service: str) -> bool:
    """Whether a CronJob is the library's for a service."""
    return item.labels.get(NAME) == service and item.labels.get(COMPONENT) == "backup"


def scaled(here: tuple[str, ...], item: Object, replicas: int, verb: str) -> KubectlStep:
    """A workload with another number of pods."""
    what = f"{item.kind.lower()}/{item.name}"
    return KubectlStep(title=f"{verb} {item.name}", arguments=(*here, "scale", what, f"--replicas={replicas}"))


def suspended(here: tuple[str, ...], item: Object, *, suspend: bool) -> KubectlStep:
    """A CronJob that begins nothing, or does so again."""
    patch = f'{{"spec": {{"suspend": {str(suspend).lower()}}}}}'
    title = f"{item.name} waits" if suspend else f"{item.name} goes on"
    return KubectlStep(
        title=title, arguments=(*here, "patch", "cronjob", item.name, "--type", "merge", "--patch", patch)
    )


def gone(here: tuple[str, ...], stopped: Sequence[Object]) -> Iterator[KubectlStep]:
    """The wait until no pod of a workload is left: two must not write to one volume."""
    for item in stopped:
        labels = dig(item.data, "spec", "selector", "matchLabels")
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        arguments = (*here, "wait", "pod", "--selector", selector, "--for", "delete", "--timeout", "10m")
        yield KubectlStep(title=f"{item.name} has ended", arguments=arguments)


def job_of(cron: Object, snapshot: str) -> dict[str, object]:
    """The Job that turns a CronJob's work round."""
    template = copy.deepcopy(dict(dig(cron.data, "spec", "jobTemplate", "spec", "template")))
    spec = dict(dig(template, "spec"))
    made = backup_plan.read(cron)
    # What keeps the application quiet has no dump: the application is stopped.
    loads = {item.container: item for item in made.dumps}
    (restic,) = (restoring(item, made.folders, snapshot) for item in chosen(cron, "containers", {made.restic}))
    dumps = [loading(item, loads[str(item["name"])]) for item in chosen(cron, "initContainers", loads)]
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
        "spec": {"backoffLimit": 1, "activeDeadlineSeconds": deadline(cron), "template": template},
    }


def deadline(cron: Object) -> int:
    """Seconds after which a restore has failed: as long as a backup may take."""
    return int(str(cron.at("spec", "jobTemplate", "spec", "activeDeadlineSeconds")))


def chosen(cron: Object, role: str, names: Collection[str]) -> list[Mapping[str, object]]:
    """The containers of these names, in the order of the pod.

    Raises:
        WorkspaceError: the pod lacks one.
    """
    pod = dig(cron.data, "spec", "jobTemplate", "spec", "template", "spec")
    found = {str(item["name"]): item for item in listing(pod, role)}
    if missing := sorted(set(names) - set(found)):
        raise WorkspaceError(
            Problem(
                where=f"{cron.title} in {cron.namespace}",
                fact=f"has no container {', '.join(missing)} below {role}, which its backup plan names",
                evidence=(f"it has: {', '.join(found) or 'none'}",),
                hint="`common.backup` in charts/common must render each container that `common.backup.plan` names",
            )
        )
    return [item for name, item in found.items() if name in names]


def writable(container: Mapping[str, object]) -> list[dict[str, object]]:
    """A container's mounts, to write to."""
    return [
        {key: value for key, value in mount.items() if key != "readOnly"}
        for mount in listing(container, "volumeMounts")
    ]


def restoring(container: Mapping[str, object], folders: Sequence[Folder], snapshot: str) -> dict[str, object]:
    """restic's container, which writes what the snapshot has."""
    return {
        **container,
        "args": ["".join(FILES.format(path=item.path, exclude=excluded(item)) for item in folders)],
        "env": [*listing(container, "env"), {"name": "SNAPSHOT", "value": snapshot}],
        "volumeMounts": writable(container),
    }


def excluded(folder: Folder) -> str:
    """The flags that keep what the backup of a folder leaves out."""
    return "".join(f" --exclude {shlex.quote(f'/{pattern}')}" for pattern in folder.exclude)


def loading(container: Mapping[str, object], dump: Dump) -> dict[str, object]:
    """The container that loads a dump, from the one that writes it."""
    if not dump.file:
        return {**container, "name": dump.load, "command": ["python3", "-c", SQLITE]}
    return {
        **container,
        "name": dump.load,
        "command": ["bash", "-eo", "pipefail", "-c"],
        "args": [DATABASE.format(dump=shlex.quote(dump.file))],
    }


def text(made: Plan) -> str:
    """The steps as commands with their reasons, to be read or typed."""
    head = f"# {made.service} in {made.namespace} as it was in the copy {made.snapshot}; --apply does it"
    return "\n".join([head, *(f"\n# {step.title}\n{step.text}" for step in made.steps)])
