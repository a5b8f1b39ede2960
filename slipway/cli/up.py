"""`up`: from a checkout and a cluster in any state to a running platform, one step after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from slipway.cli import arguments
from slipway.cli.doctor import rows
from slipway.cli.ending import Result
from slipway.cli.promote import promote
from slipway.cli.release import outcome
from slipway.cli.seal import GROUP, terminal
from slipway.cli.seal_missing import confirmed, seal_missing
from slipway.cli.up_text import SIGN, outcome_text, plain, preview_text
from slipway.cluster import applications
from slipway.cluster.application_table import live
from slipway.cluster.applications import Application
from slipway.cluster.workloads import read_workloads
from slipway.context import Context
from slipway.core.errors import NotConverged, Problem, ProblemsFound
from slipway.delivery import bootstrap as installation
from slipway.docs.source import logins as login_source
from slipway.docs.source import parsing, platform
from slipway.release import release as releases
from slipway.release import secrets
from slipway.secrets import keys
from slipway.toolchain.groups import ensure_group
from slipway.tools.git_push import foreign
from slipway.up import steps
from slipway.up.left import left
from slipway.up.look import GIT_APPLICATIONS, Look, certificate_of, looked
from slipway.up.steps import State, Step
from slipway.util import terminal as shown
from slipway.util import yaml
from slipway.util.text import counted

IN_CLUSTER = ("key", "bootstrap", "watch")
"""Steps that ask the cluster."""
MAY_REMAIN = ("secrets", "watch")
"""Steps that leave to later what waits for a secret that only a person knows."""
PAUSE_S = 2.0
"""Between two looks at the Applications, whose workloads are read as well."""
WAIT_MIN = 45
"""How long the Applications may take when nothing else is said: a new cluster pulls some gigabytes of images."""
REFRESH = "argocd.argoproj.io/refresh"
"""Annotation that has an Application compared at once; Argo CD looks at git every three minutes by itself."""


@dataclass(kw_only=True)
class Run:
    """One run: what was found last, and how a step is taken."""

    look: Look
    yes: bool
    wait_s: float
    say: Callable[[str], None]

    @property
    def context(self) -> Context:
        """The wiring, over the files as they are now."""
        return self.look.context

    def order(self) -> tuple[tuple[str, Callable[[], Step], Callable[[], None] | None], ...]:
        """Each step: its name, what finds out its state, and what takes it; nothing takes what only a person can."""
        return (
            ("checks", self.look.checks_step, None),
            ("facts", self.look.facts_step, None),
            ("cluster", self.look.cluster_step, None),
            ("key", self.look.key_step, self.key),
            ("secrets", self.look.secrets_step, self.secrets),
            ("release", self.look.release_step, self.release),
            ("push", self.look.push_step, self.push),
            ("bootstrap", self.look.bootstrap_step, self.bootstrap),
            ("watch", self.look.watch_step, self.watch),
        )

    def preview(self) -> Iterator[Step]:
        """The state of every step."""
        dead = False
        for name, look, _ in self.order():
            if dead and name in IN_CLUSTER:
                yield self.look.without_cluster(name)
                continue
            step = looked(name, look)
            dead = dead or (name == "cluster" and step.state is State.BLOCKED)
            yield step

    def all(self) -> Iterator[Step]:
        """Take every step that is not done, and yield it as it is afterwards.

        Raises:
            BuildError: what blocks a step, or that of the task that it is.
            NotConverged: a step is not done after it was taken.
        """
        for number in range(len(self.order())):
            name, look, take = self.order()[number]
            step = look()
            if step.error is not None:
                raise step.error
            if step.state is not State.DONE and take is not None:
                self.say(f"· {name:<10} {step.fact}: {step.action}")
                take()
                self.look = self.look.again()
                step = self.order()[number][1]()
                if step.state is not State.DONE and name not in MAY_REMAIN:
                    raise NotConverged(Problem(where=name, fact=f"is not done: {step.fact}", hint=step.commands[0]))
            self.say(f"{SIGN[step.state]} {name:<10} {step.fact}")
            yield step

    def key(self) -> None:
        """Get both halves of the sealing key where they belong."""
        found, environment = self.look.sealing_key, self.look.environment
        ensure_group(self.context.toolbox.home, GROUP, self.context.progress)
        file = keys.default_key_file(self.context.environ, environment)
        if not found.certificate and found.in_cluster:
            keys.fetch(self.context, environment, self.look.kubectl)
            return
        if not found.certificate and found.in_file:
            from slipway.secrets.encryption import parse_certificate

            pem = certificate_of(dict(yaml.parse(file.read_bytes(), str(file)).mapping))
            keys.keep(self.context, environment, parse_certificate(pem + b"\n", str(file)))
        elif not found.certificate:
            keys.new_key(self.context, environment, str(file))
            self.say(f"{file} opens everything that is sealed with it: keep it offline, in two places")
        space = keys.controller_namespace(self.context)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
        kubectl = self.look.kubectl
        kubectl.apply(yaml.dump(namespace), manager=installation.OWN_MANAGER)
        kubectl.apply(file.read_bytes(), manager=installation.OWN_MANAGER)
        if kubectl.find("deployments.apps", keys.CONTROLLER, "-n", space) is not None:
            # It reads its keys when it starts.
            kubectl("rollout", "restart", f"deployment/{keys.CONTROLLER}", "-n", space)

    def secrets(self) -> None:
        """Seal what is missing; what is left for later stops nothing."""
        done = seal_missing(self.context, self.look.environment, dry_run=False, say=self.say, strict=False)
        self.say(shown.shown(done.text))

    def release(self) -> None:
        """Release to the first environment, promote to a later one.

        Raises:
            BuildError: that of the task; what speaks against a promotion is for a person to accept, with the task alone.
        """
        context, environment = self.context, self.look.environment
        if environment == context.config.environments[0]:
            done = releases.release(context, environment=environment)
            self.say(shown.shown(outcome(done, context.config.registry.base)))
            return
        promoted = promote(context, environment, "", kubeconfig="", status="", proven_for="", accept="", dry_run=False)
        self.say(shown.shown(promoted.text))
        if promoted.error is not None:
            raise promoted.error

    def push(self) -> None:
        """Commit what the steps wrote, and nothing else; push it when a person agrees.

        Raises:
            ProblemsFound: nobody agreed.
        """
        environment = self.look.environment
        remote, changed = self.look.pushing.remote(), self.look.changed
        others = foreign(remote.commits, steps.written(environment))
        for path in changed:
            self.say(f"    {path}")
        for one in remote.commits:
            self.say(f"    {one.name[:12]} {one.subject}")
        if not (self.yes and not others):
            self.agreed(remote.name, remote.branch, yours=len(others))
        if changed:
            self.look.pushing.commit(changed, f"Deploy {environment}")
        self.look.pushing.push(remote)

    def agreed(self, remote: str, branch: str, *, yours: int) -> None:
        """Ask whether this may be pushed.

        Raises:
            ProblemsFound: it may not, or nobody can be asked.
        """
        inputs = terminal()
        asked = f"Commit and push to {branch} of {remote}?"
        if inputs.terminal and confirmed(inputs, asked):
            return
        fact = "is not agreed to: Argo CD reads what is pushed"
        again = f"./inv up --env {self.look.environment}{steps.flag(self.look.kubeconfig)} --yes"
        if yours:
            fact = f"would push {counted(yours, 'commit')} of yours, too"
            again = f"git push {remote} {branch}; then {again}"
        raise ProblemsFound(Problem(where="push", fact=fact, hint=again))

    def bootstrap(self) -> None:
        """Install Argo CD."""
        done = installation.bootstrap(self.context, self.look.environment, self.look.kubectl)
        for warning in done.warnings:
            self.say(f"warning: {warning}")

    def watch(self) -> None:
        """Wait for the Applications.

        Raises:
            NotConverged: the time is over; each that is not healthy, with what holds it up.
        """
        look, space = self.look, self.context.config.argocd_namespace
        for name in GIT_APPLICATIONS:
            look.kubectl("annotate", "applications.argoproj.io", name, "-n", space, f"{REFRESH}=normal", "--overwrite")
        with live(self.context.progress) as on_change:
            try:
                applications.wait_until_healthy(
                    look.kubectl,
                    space,
                    look.awaited,
                    wait_s=self.wait_s,
                    on_change=lambda found: on_change(tuple(map(self.explained, found))),
                    accept=lambda item: look.is_healthy(item) or look.is_only_waiting(item),
                    hint=f"kubectl{steps.flag(look.kubeconfig)}",
                    sleep=lambda _: time.sleep(PAUSE_S),
                )
            except NotConverged as error:
                raise NotConverged(tuple(map(self.with_reasons, error.problems))) from None

    def explained(self, item: Application) -> Application:
        """An Application with what holds it up, where Argo CD does not say it."""
        if item.message or item.sync != "Synced" or self.look.is_healthy(item):
            return item
        return replace(item, message="; ".join(self.reasons(item.name)))

    def with_reasons(self, problem: Problem) -> Problem:
        """The problem of an Application with what holds it up."""
        found = self.reasons(problem.where.removeprefix("Application "))
        return replace(problem, evidence=(*problem.evidence, *found))

    def reasons(self, application: str) -> tuple[str, ...]:
        """The workloads of an Application that are not ready, each with the reason."""
        if application in GIT_APPLICATIONS:
            head = str(self.look.pushing.git.head())[:12]
            return (f"it is not at {head}, which is pushed: Argo CD reads the remote's default branch",)
        waiting = read_workloads(self.look.kubectl, [application]).waiting
        return tuple(f"{kind} {name}: {reason}" for (_, kind, _, name), reason in waiting.items())


def up(
    context: Context,
    env: str,
    kubeconfig: str,
    *,
    yes: bool,
    dry_run: bool,
    wait: str = "",
    say: Callable[[str], None] = print,
) -> Result:
    """Converge, or show what that would take.

    Args:
        context: the wiring.
        env: the environment; the first when empty.
        kubeconfig: the cluster; the user's when empty.
        yes: push without asking.
        dry_run: change nothing.
        wait: minutes for the Applications.
        say: prints a line at once.

    Raises:
        BuildError: what blocks a step, or that of the task that it is.
    """
    environment = arguments.environment(context, env)
    wait_s = 60.0 * arguments.minutes("--wait", wait, WAIT_MIN)
    look = Look(context=context, environment=environment, kubeconfig=kubeconfig, examine=rows)
    run = Run(look=look, yes=yes, wait_s=wait_s, say=say)
    if dry_run:
        found = tuple(run.preview())
        value = {"environment": environment, "dry_run": True, "steps": [*map(plain, found)]}
        return Result(value=value, text=tuple(preview_text(found)))
    done = tuple(run.all())
    parsed = parsing.parse_workspace(run.context.workspace)
    addresses = tuple(login_source.logins(platform.platform(parsed, environment)))
    rest = tuple(left(run.look.facts, addresses, run.look.listing.secrets))
    problems = secrets.problems(run.look.listing)
    value = {
        "environment": environment,
        "dry_run": False,
        "steps": [*map(plain, done)],
        "addresses": [
            {"service": one.member.title, "address": one.address, "first_login": one.first} for one in addresses
        ],
        "left": rest,
    }
    return Result(
        value=value,
        text=tuple(outcome_text(addresses, rest)),
        error=ProblemsFound(problems) if problems else None,
    )
