"""The steps of `./inv up`: the state of each, from what was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from slipway.configure.model import is_sample
from slipway.context import RELEASE_TOOLS
from slipway.core.errors import BuildError, Problem, ProblemsFound
from slipway.core.model import SEALED_FOLDER, SEALING_CERTIFICATE
from slipway.release.secrets import Listing
from slipway.secrets.missing import missing_secrets
from slipway.toolchain import report
from slipway.toolchain.doctor import DISK
from slipway.tools.git_push import Remote, foreign
from slipway.util.text import being, counted


class State(StrEnum):
    """What a step finds."""

    DONE = "done"
    TO_DO = "to do"
    BLOCKED = "needs you"
    UNKNOWN = "unknown"
    """It depends on a step before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step."""

    name: str
    state: State
    fact: str
    """What shows the state."""
    action: str = ""
    """What it does about it."""
    commands: tuple[str, ...] = ()
    """What takes it alone."""
    error: BuildError | None = None
    """Why it is blocked."""


def blocked(name: str, error: BuildError, commands: tuple[str, ...] = ()) -> Step:
    """A step that a person must help."""
    first = error.problems[0]
    more = f", and {counted(len(error.problems) - 1, 'other problem')}" if len(error.problems) > 1 else ""
    fact = f"{first.where}: {first.fact}{more}"
    return Step(name=name, state=State.BLOCKED, fact=fact, commands=commands, error=error)


def checks(rows: Sequence[report.ToolReport]) -> Step:
    """The machine: what the doctor calls wrong, but a disk that is too small for programs that are there."""
    name, commands = "checks", ("./inv doctor",)
    built = {row.name for row in rows if row.state is report.State.OK}
    fits = built.issuperset(RELEASE_TOOLS)
    wrong = [row for row in rows if row.state is report.State.WRONG and not (fits and row.name == DISK)]
    if wrong:
        problems = [Problem(where=row.name, fact=row.found or row.source, hint=row.fix) for row in wrong]
        return blocked(name, ProblemsFound(problems), commands)
    return Step(name=name, state=State.DONE, fact="nothing is wrong with this machine", commands=commands)


def facts(environment: str, domain: str, *, has_repository: bool) -> Step:
    """The facts that only the operator knows.

    Args:
        environment: its name.
        domain: of its hosts.
        has_repository: see `Config.has_repository`.
    """
    name, commands = "facts", (f"./inv configure --env {environment}",)
    problems = []
    if not domain or is_sample(domain):
        fact = f"the domain {domain} is the example that the platform comes with" if domain else "has no domain"
        problems.append(Problem(where=f"values/{environment}/platform.yaml", fact=fact, hint=commands[0]))
    if not has_repository:
        fact = "repository-url is not the address of your fork, which Argo CD reads"
        problems.append(Problem(where="pyproject.toml", fact=fact, hint=commands[0]))
    if problems:
        return blocked(name, ProblemsFound(problems), commands)
    return Step(name=name, state=State.DONE, fact=f"the domain is {domain}", commands=commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """Both halves of an environment's sealing key, wherever they are."""

    file: str
    """Where a private key is looked for and generated, outside of the checkout."""
    certificate: bool
    """Whether the environment has a certificate."""
    in_file: bool
    """Whether the file has the private key: that of the certificate, if there is one."""
    in_cluster: bool
    """The same for the cluster."""


def sealing_key(environment: str, key: SealingKey) -> Step:
    """The certificate of the environment, and its private key in the cluster."""
    name, where = "key", f"values/{environment}/{SEALING_CERTIFICATE}"
    apply = f"kubectl apply --server-side -f {key.file}"
    if key.certificate and key.in_cluster:
        return Step(name=name, state=State.DONE, fact=f"the cluster has the private key of {where}", commands=(apply,))
    if key.certificate and not key.in_file:
        fact = "its private key is neither in the cluster nor in the file where it is looked for"
        hint = "kubectl apply --server-side -f FILE, the backup of the key"
        evidence = (f"file: {key.file}", "without it nothing that is sealed can be opened")
        return blocked(name, ProblemsFound(Problem(where=where, fact=fact, evidence=evidence, hint=hint)), (apply,))
    commands: tuple[str, ...]
    if key.certificate:
        fact, action, commands = "is not in the cluster", f"apply {key.file}", (apply,)
    elif key.in_cluster:
        fact, action = f"{where} is missing", "fetch the certificate from the cluster"
        commands = (f"./inv seal --fetch-cert --env {environment}",)
    else:
        new = f"./inv seal --new-key --env {environment} --out {key.file}"
        verb = "take the key of" if key.in_file else "generate a key into"
        fact, action, commands = f"{where} is missing", f"{verb} {key.file}, and apply it", (new, apply)
    return Step(name=name, state=State.TO_DO, fact=fact, action=action, commands=commands)


def secrets(listing: Listing) -> Step:
    """The sealed secrets; what is optional is offered together with what is required, and never alone."""
    name, commands = "secrets", (f"./inv seal --missing --env {listing.environment}",)
    todo = missing_secrets(listing.secrets)
    optional = [entry for entry in listing.secrets if entry.missing and entry.optional]
    if not listing.missing and not todo.generated:
        rest = f"; {counted(len(optional), 'optional secret')} {being(len(optional))} not sealed" if optional else ""
        fact = f"no required secret is missing{rest}"
        return Step(name=name, state=State.DONE, fact=fact, commands=commands)
    fact = f"{counted(len(listing.missing), 'required secret')} {being(len(listing.missing))} missing"
    action = f"generate {len(todo.generated)}, ask for {len([one for one in todo.questions if not one.optional])}"
    return Step(name=name, state=State.TO_DO, fact=fact, action=action, commands=commands)


def release(environment: str, reasons: Sequence[str], *, first: bool) -> Step:
    """What is published and pinned.

    Args:
        environment: its name.
        reasons: why it would be released; none when it is.
        first: whether the environment takes its pins from the release, or from the environment before it.
    """
    name = "release"
    commands = (f"./inv release --env {environment}" if first else f"./inv promote --env {environment}",)
    if not reasons:
        fact = f"everything is published, and deploy/{environment} is up to date"
        return Step(name=name, state=State.DONE, fact=fact, commands=commands)
    action = "lint, test, publish and pin" if first else "promote what the environment before it runs"
    return Step(name=name, state=State.TO_DO, fact="; ".join(reasons), action=action, commands=commands)


def written(environment: str) -> tuple[str, ...]:
    """The files and folders that the steps write, and Argo CD reads."""
    values = f"values/{environment}"
    return (f"deploy/{environment}", f"{values}/{SEALED_FOLDER}", f"{values}/{SEALING_CERTIFICATE}")


def push(environment: str, changed: Sequence[str], remote: Remote) -> Step:
    """What Argo CD reads, in the repository that it reads.

    Args:
        environment: its name.
        changed: paths of `written` that differ from the last commit.
        remote: where it is pushed.
    """
    name, paths = "push", written(environment)
    commands = (f"git add {' '.join(paths)}", "git commit", f"git push {remote.name} {remote.branch}")
    target = f"{remote.branch} of {remote.name}"
    if not changed and not remote.commits:
        return Step(name=name, state=State.DONE, fact=f"{target} has it", commands=commands)
    others = foreign(remote.commits, paths)
    ahead = f"{counted(len(remote.commits), 'commit')} {being(len(remote.commits))} not pushed"
    fact = "; ".join(
        filter(
            None,
            (
                f"{counted(len(changed), 'file')} {being(len(changed))} not committed" if changed else "",
                ahead if remote.commits else "",
                f"of them yours: {', '.join(one.subject for one in others)}" if others else "",
            ),
        )
    )
    action = f"commit them, and push to {target}" if changed else f"push to {target}"
    return Step(name=name, state=State.TO_DO, fact=fact, action=action, commands=commands)


def bootstrap(environment: str, kubeconfig: str, handed_over: str | None, *, waiting: Sequence[str]) -> Step:
    """Argo CD in the cluster.

    Args:
        environment: its name.
        kubeconfig: as the operator named it; empty for the default.
        handed_over: the environment that the cluster's root Application reads; None without one.
        waiting: Argo CD's workloads that are not ready.
    """
    name = "bootstrap"
    commands = (f"./inv bootstrap --env {environment}{flag(kubeconfig)}",)
    if handed_over is not None and handed_over != environment:
        fact = f"runs {handed_over}, not {environment}"
        hint = "name the kubeconfig of the other cluster: --kubeconfig FILE"
        return blocked(name, ProblemsFound(Problem(where="cluster", fact=fact, hint=hint)), commands)
    if handed_over and not waiting:
        return Step(
            name=name, state=State.DONE, fact=f"Argo CD runs, and reads deploy/{environment}", commands=commands
        )
    fact = f"not ready: {', '.join(waiting)}" if waiting else "the cluster has no Argo CD of this repository"
    action = f"install Argo CD, and hand it deploy/{environment}"
    return Step(name=name, state=State.TO_DO, fact=fact, action=action, commands=commands)


def watch(states: Mapping[str, str], wanted: Sequence[str], namespace: str, kubeconfig: str) -> Step:
    """The Applications.

    Args:
        states: Application → what it is, when it is not Synced and Healthy at what is pushed; empty when it is.
        wanted: those that are waited for.
        namespace: Argo CD's.
        kubeconfig: as the operator named it; empty for the default.
    """
    name = "watch"
    commands = (f"kubectl{flag(kubeconfig)} -n {namespace} get applications --watch",)
    open_ones = [f"{one} {states.get(one, 'does not exist')}" for one in wanted if states.get(one, "-")]
    if not open_ones:
        fact = f"{counted(len(wanted), 'Application')} {being(len(wanted))} Synced and Healthy"
        return Step(name=name, state=State.DONE, fact=fact, commands=commands)
    action = "wait until every Application is Synced and Healthy"
    return Step(name=name, state=State.TO_DO, fact="; ".join(open_ones), action=action, commands=commands)


def flag(kubeconfig: str) -> str:
    """The flag as it was typed."""
    return f" --kubeconfig {kubeconfig}" if kubeconfig else ""
