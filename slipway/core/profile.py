"""Profiles: which rules a monorepo asks for, as data. `./inv lint` and every release read the rules of the profile alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.core.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A set of rules, and what is optional in the monorepos that choose it."""

    name: str
    meaning: str
    """A sentence for the site."""
    rules: frozenset[str] | None = None
    """Identifiers of the rules that it asks for; None for every rule, those of the contract among them."""
    allow_list: bool = True
    """Whether a chart's folder may have only known files; otherwise its `.helmignore` decides what is packaged, as for
    `helm package`."""
    vocabulary: bool = True
    """Whether values, schemas and templates are those of the library chart, which staging then composes."""
    environments: tuple[str, ...] = ()
    """What `environments` is when it is not set."""

    def asks(self, rule: str) -> bool:
        """Whether it asks for a rule; an error that no rule owns always counts."""
        return not rule or self.rules is None or rule in self.rules

    def kept(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems whose rules it asks for."""
        return tuple(problem for problem in problems if self.asks(problem.rule))


HOMELAB = Profile(
    name="homelab",
    meaning="Every rule: one library chart and its contract, generated READMEs, closed schemas, YAML style.",
    environments=("staging", "production"),
)

PLAIN = Profile(
    name="plain",
    meaning="What every chart must hold, whoever wrote it: no library chart, no environments, no style.",
    allow_list=False,
    vocabulary=False,
    rules=frozenset(
        {
            # Every reader takes the files for the same.
            "yaml.syntax", "yaml.duplicate-key", "yaml.key", "yaml.number", "yaml.tag", "yaml.aliases", "yaml.size",
            "yaml.mapping", "file.encoding", "file.unreadable", "file.kind", "file.link", "file.size", "file.conflict",
            # A valid Chart.yaml.
            "chart.none", "chart.missing", "chart.api-version", "chart.name", "chart.name-folder",
            "chart.duplicate-name", "chart.version", "chart.version-build", "chart.app-version", "chart.annotation",
            "chart.symlink", "chart.dependencies", "chart.nested", "chart.fields",
            # What it vendors is there, and is what it says.
            "dependency.fields", "dependency.twice", "dependency.vendored", "dependency.kind", "dependency.repository",
            "dependency.version", "graph.cycle", "umbrella.library-version", "umbrella.annotation",
            # Environments, where there are some.
            "environment.platform", "environment.unknown-namespace", "values.global", "sealed.file",
            # It can be packaged and rendered, and an API server takes it.
            "schema.json", "package.helm", "package.content", "package.size", "render.template", "render.schema",
            "helm.lint", "ct.lint", "object.schema", "object.not-served", "object.removed-next", "upgrade.immutable",
            # It has no secrets.
            "secret.key", "secret.token", "secret.value", "secret.manifest", "secret.reason",
            # Versions go up, and nothing is overwritten.
            "version.level", "edit.refused", "release.already-published", "release.moved-tag", "release.version-order",
            "verify.signature", "verify.missing", "verify.name", "verify.moved", "verify.rebuild",
        }
    ),
)  # fmt: skip

PROFILES = {profile.name: profile for profile in (PLAIN, HOMELAB)}
"""Name → profile."""
