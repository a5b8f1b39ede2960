"""A question, the home it is asked about, and the changes that an answer makes. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from slipway.config.model import PYPROJECT as FILE
from slipway.core.errors import Problem
from slipway.core.model import Environment, ValuesFile, Workspace
from slipway.lint.platform_facts import platform_facts
from slipway.util.mapping import dig
from slipway.workspace.documents import platform_document
from slipway.workspace.values import ABSENT, Effective, Path, members_in, value_at

Value = str | bool | tuple[str, ...]
"""An answer. An empty text or tuple means none."""
Answers = Mapping[str, Value]
"""Key of a question → its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the machine shows; empty where it shows nothing."""

    network: ipaddress.IPv4Network | None = None
    interface: str = ""
    """Of the network."""
    time_zone: str = ""
    remote: str = ""
    """URL of the git remote `origin`, if Argo CD can use it."""
    logins: tuple[str, ...] = ()
    """Hosts of registries that somebody has logged in to."""
    cluster: str = ""
    """Address of the API server of the kubeconfig."""
    in_use: Mapping[str, str] = field(default_factory=dict)
    """Environment → why its folder must not be deleted by a program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value of one file."""

    file: str
    """Relative to the root: a values file, or pyproject.toml, whose keys are settings."""
    path: Path = ()
    value: object = ABSENT
    """ABSENT: the value goes, and the default applies."""
    comment: str = ""
    """Above a key that is new."""
    mark: str = ""
    """In place of a path: every line that ends in this comment goes."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """One environment of a checkout, as it is before the answers."""

    workspace: Workspace
    settings: Mapping[str, object]
    """The table `[tool.slipway]`, and the default of every setting that it lacks."""
    found: Found
    environment: str
    shared: frozenset[str] = frozenset({"argocd", "infra"})
    """Namespaces that every other one depends on: nobody switches their members off here."""

    def of(self, environment: str) -> Home:
        """The same for another environment."""
        return replace(self, environment=environment)

    @property
    def platform(self) -> str:
        """The file of the environment's facts."""
        return f"values/{self.environment}/platform.yaml"

    def values_file(self, umbrella: str) -> str:
        """The environment's file for an umbrella."""
        return f"values/{self.environment}/{umbrella}.yaml"

    @cached_property
    def present(self) -> Environment:
        """The environment; one without any file when it is new."""
        new = Environment(
            name=self.environment, platform=ValuesFile(path=self.platform, text=b"{}\n"), namespaces={}, sealed=()
        )
        return self.workspace.environments.get(self.environment, new)

    @property
    def is_new(self) -> bool:
        """Whether nobody has set its facts yet: there are none, or they are those that the platform comes with."""
        domain = dig(platform_document(self.present).mapping).get("domain")
        return domain is None or is_sample(str(domain))

    def fact(self, *path: str) -> object:
        """A fact, or the library's default of it; ABSENT when there is neither."""
        return value_at(platform_facts(self.workspace, platform_document(self.present))[0], path)

    @cached_property
    def members(self) -> Mapping[str, tuple[Effective, ...]]:
        """Umbrella → its members as they are in this environment."""
        return {str(each.name): members_in(self.workspace, each, self.present) for each in self.workspace.umbrellas}

    def member(self, chart: str) -> tuple[str, Effective] | None:
        """Umbrella and values of the first member that is of a chart."""
        every = ((umbrella, member) for umbrella, members in self.members.items() for member in members)
        return next(((umbrella, member) for umbrella, member in every if member.chart.name == chart), None)


SAMPLE_DOMAIN = "home.example.org"
"""The domain that the platform comes with, and the parent of that of its other environments."""
SAMPLE_HOST = "git.example.org"
"""The git server that the platform comes with."""


def is_sample(domain: str) -> bool:
    """Whether a domain is one that the platform comes with."""
    return domain == SAMPLE_DOMAIN or domain.endswith(f".{SAMPLE_DOMAIN}")


Read = Callable[[object], Value]
"""What was typed, or is in a file of answers → the answer; raises `Refused` for another form."""


def nothing(_home: Home, _value: Value, _answers: Answers) -> Iterator[Problem]:
    """No check but those of the form and of lint."""
    yield from ()


def no_change(_home: Home, _value: Value, _answers: Answers) -> Iterable[Change]:
    """Nothing to write: other answers are checked with it."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that a person is asked."""

    key: str
    """Its name in a file of answers; for a fact or a setting the name that it has there."""
    text: str
    """What is asked."""
    example: str
    read: Read
    present: Callable[[Home, Answers], Value]
    """What Enter answers; empty when there is nothing to offer."""
    changes: Callable[[Home, Value, Answers], Iterable[Change]] = no_change
    check: Callable[[Home, Value, Answers], Iterator[Problem]] = nothing
    """What no rule of lint can know; `where` is filled in."""
    required: bool = False
    """Whether an environment cannot be set up without an answer of its own."""
    asked: Callable[[Home, Answers], bool] = lambda _home, _answers: True


def words_of(value: Value) -> str:
    """An answer as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ", ".join(value)


SETTINGS_FILE = FILE
