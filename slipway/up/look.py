"""What a checkout, its registry, its remote and its cluster have: the state of each step. Changes none of them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from slipway.cluster import applications
from slipway.cluster.applications import Application
from slipway.cluster.workloads import read_workloads
from slipway.context import Context
from slipway.core.errors import BuildError, ProblemsFound
from slipway.core.model import ChartName, Environment, Pin
from slipway.delivery.bootstrap import ROOT_NAME
from slipway.delivery.prepare import kube_version, kubeconfig_of
from slipway.gitops.git_applications import PART_OF
from slipway.gitops.pins import current_pins
from slipway.release import plan as plans
from slipway.release import secrets as inventory
from slipway.release.pinning import pin_environment
from slipway.release.plan import Action
from slipway.release.secrets import Listing
from slipway.release.survey import survey
from slipway.secrets.keys import KEY_LABEL, controller_namespace, default_key_file
from slipway.toolchain.report import ToolReport
from slipway.tools.git import Git
from slipway.tools.git_push import Pushing
from slipway.up import steps
from slipway.up.steps import Step
from slipway.util import yaml
from slipway.util.mapping import dig
from slipway.util.text import counted

if TYPE_CHECKING:
    from slipway.tools.kubectl import Data, Kubectl

GIT_APPLICATIONS = (ROOT_NAME, f"{PART_OF}-sealed-secrets")
APPLICATION = "Application.v1alpha1.argoproj.io"


@dataclass(frozen=True, kw_only=True)
class Look:
    """One checkout, one environment and one cluster. What is found is remembered: take a new one after a change."""

    context: Context
    environment: str
    kubeconfig: str
    """As the operator named it; empty for the default."""
    examine: Callable[[Context], Sequence[ToolReport]]
    """The rows of the doctor."""

    def again(self) -> Look:
        """The same after a change."""
        return replace(self, context=self.context.reload())

    @property
    def here(self) -> Environment:
        """The files of the environment."""
        return self.context.workspace.environments[self.environment]

    @cached_property
    def kubectl(self) -> Kubectl:
        """The cluster's administrator.

        Raises:
            WorkspaceError: there is no kubeconfig.
            ToolFailed: kubectl cannot be built.
        """
        return self.context.kubectl(kubeconfig_of(self.context.environ, self.kubeconfig))

    @cached_property
    def listing(self) -> Listing:
        """The secrets."""
        return inventory.listing(self.context, self.environment, ())

    @cached_property
    def pushing(self) -> Pushing:
        """The repository."""
        return Pushing(git=Git(run=self.context.run, root=self.context.config.root))

    @property
    def facts(self) -> Mapping[str, object]:
        """The facts of the environment over the library's defaults."""
        from slipway.lint.platform_facts import platform_facts

        document = yaml.parse(self.here.platform.text, self.here.platform.path)
        return platform_facts(self.context.workspace, document)[0]

    def checks_step(self) -> Step:
        """The machine."""
        return steps.checks(self.examine(self.context))

    def facts_step(self) -> Step:
        """What only the operator knows."""
        domain = str(self.facts.get("domain") or "")
        return steps.facts(self.environment, domain, has_repository=self.context.config.has_repository)

    def cluster_step(self) -> Step:
        """Whether the API server answers."""
        version = kube_version(self.kubectl)
        commands = (f"kubectl{steps.flag(self.kubeconfig)} get nodes",)
        return Step(name="cluster", state=steps.State.DONE, fact=f"answers, Kubernetes {version}", commands=commands)

    def key_step(self) -> Step:
        """The sealing key."""
        return steps.sealing_key(self.environment, self.sealing_key)

    @cached_property
    def sealing_key(self) -> steps.SealingKey:
        """Both halves of the sealing key, wherever they are."""
        file = default_key_file(self.context.environ, self.environment)
        held = certificate_of(dict(yaml.parse(file.read_bytes(), str(file)).mapping)) if file.is_file() else b""
        found = self.kubectl.items("secrets", "-n", controller_namespace(self.context), "-l", KEY_LABEL)
        certificate = self.here.certificate
        ours = certificate.text.strip() if certificate is not None else None
        return steps.SealingKey(
            file=str(file),
            certificate=ours is not None,
            in_file=bool(held) and ours in {None, held},
            in_cluster=any(ours in {None, certificate_of(item)} for item in found),
        )

    def without_cluster(self, name: str) -> Step:
        """A step that asks the cluster, when it does not answer: what it would do on a new one."""
        file = default_key_file(self.context.environ, self.environment)
        certificate = self.here.certificate is not None
        key = steps.SealingKey(file=str(file), certificate=certificate, in_file=file.is_file(), in_cluster=False)
        step = {
            "key": steps.sealing_key(self.environment, key),
            "bootstrap": steps.bootstrap(self.environment, self.kubeconfig, None, waiting=()),
            "watch": steps.watch({}, self.awaited, self.context.config.argocd_namespace, self.kubeconfig),
        }[name]
        return replace(step, state=steps.State.UNKNOWN, fact="the cluster does not answer", error=None)

    def secrets_step(self) -> Step:
        """The sealed secrets."""
        return steps.secrets(self.listing)

    def release_step(self) -> Step:
        """What is published and pinned.

        Raises:
            BuildError: see `release.survey.survey`.
        """
        config = self.context.config
        first = self.environment == config.environments[0]
        if not first:
            return steps.release(
                self.environment,
                pin_environment(self.context, self.environment, (), dry_run=True, accepted=()),
                first=False,
            )
        if config.registry.embedded:
            from slipway.registry import embedded

            if embedded.daemon_of(config).status().process is None:
                return steps.release(self.environment, ("the embedded registry does not run",), first=True)
        made = survey(self.context, self.environment)
        if problems := plans.broken(self.context.workspace, made):
            raise ProblemsFound(problems)
        coming = [item for item in made.charts if item.action is not Action.KEEP]
        reasons = [f"{counted(len(coming), 'chart')} to publish"] if coming else []
        reasons += [
            f"deploy/{one.environment}: {'; '.join(one.reasons)}" for one in made.pins if one.reasons and not coming
        ]
        return steps.release(self.environment, reasons, first=True)

    def push_step(self) -> Step:
        """What is committed and pushed.

        Raises:
            BuildError: see `Pushing.remote`.
        """
        return steps.push(self.environment, self.changed, self.pushing.remote())

    @property
    def changed(self) -> tuple[str, ...]:
        """What the steps wrote and nobody committed."""
        return self.pushing.git.changed_paths(paths=steps.written(self.environment))

    def bootstrap_step(self) -> Step:
        """Argo CD."""
        space = self.context.config.argocd_namespace
        root = (
            self.kubectl.find("applications.argoproj.io", ROOT_NAME, "-n", space) if self.knows_applications else None
        )
        handed = None if root is None else str(dig(root, "spec", "source").get("path", "")).removeprefix("deploy/")
        waiting = read_workloads(self.kubectl, [space]).waiting if root is not None else {}
        names = tuple(f"{kind} {name}" for _, kind, _, name in waiting)
        return steps.bootstrap(self.environment, self.kubeconfig, handed, waiting=names)

    @property
    def knows_applications(self) -> bool:
        """Whether the cluster has Argo CD's kinds."""
        return APPLICATION in self.kubectl.kinds()

    @cached_property
    def pins(self) -> Mapping[ChartName, Pin]:
        """What the environment shall run."""
        return current_pins(self.context.config, self.environment)

    @property
    def awaited(self) -> tuple[str, ...]:
        """The Applications of the environment."""
        return (*GIT_APPLICATIONS, *map(str, sorted(self.pins)))

    def watch_step(self) -> Step:
        """The Applications."""
        space = self.context.config.argocd_namespace
        found = applications.read(self.kubectl, space) if self.knows_applications else ()
        states = {item.name: "" if self.is_healthy(item) else self.state_of(item) for item in found}
        return steps.watch(states, self.awaited, space, self.kubeconfig)

    def state_of(self, item: Application) -> str:
        """What an Application is."""
        return f"{item.sync or 'Unknown'}, {item.health or 'Unknown'}{'' if self.is_current(item) else ', of an older commit'}"

    def is_healthy(self, item: Application) -> bool:
        """Whether an Application is Synced and Healthy, at what is pinned and committed here."""
        return item.sync == "Synced" and item.health == "Healthy" and item.phase != "Running" and self.is_current(item)

    def is_current(self, item: Application) -> bool:
        """Whether an Application is at the pin, or at a commit that is not older than ours."""
        pin = self.pins.get(ChartName(item.name))
        if pin is not None:
            return pin.manifest in item.wanted or item.wanted == pin.version
        git = self.pushing.git
        head = git.head()
        older = git("merge-base", "--is-ancestor", item.revision, "HEAD", ok_codes=None).code == 0
        return item.revision == head or (bool(item.revision) and not older)

    def is_only_waiting(self, item: Application) -> bool:
        """Whether everything of an Application is there, and only workloads that read a missing secret are not ready.

        Raises:
            ToolFailed: the API server does not answer.
        """
        readers = {
            reader.partition(", ")[0]
            for entry in self.listing.missing
            if entry.namespace == item.name
            for reader in entry.readers
        }
        if not readers or item.sync != "Synced" or not self.is_current(item):
            return False
        return {f"{kind} {name}" for _, kind, _, name in read_workloads(self.kubectl, [item.name]).waiting} <= readers


def looked(name: str, look: Callable[[], Step]) -> Step:
    """The state of a step; what refuses to tell it blocks it."""
    try:
        return look()
    except BuildError as error:
        return steps.blocked(name, error)


def certificate_of(secret: Data) -> bytes:
    """The certificate in a Secret of the controller; empty when it has none."""
    try:
        return base64.b64decode(str(dig(secret, "data").get("tls.crt", ""))).strip()
    except ValueError:
        return b""
