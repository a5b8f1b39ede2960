"""The table of questions, in the order in which they are asked. The site's page and the terminal read nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from slipway.configure import facts, forms, members, services
from slipway.configure.model import Answers, Change, Home, Question, Value

FOR_SERVICES = "services."
"""Before the name of an umbrella, in the key of the question which of its services run."""


def fact(key: str) -> Callable[[Home, Value, Answers], Iterable[Change]]:
    """The change of a fact."""
    return lambda home, value, _answers: (facts.fact_change(home, key, value),)


def setting(key: str) -> Callable[[Home, Value, Answers], Iterable[Change]]:
    """The change of a setting."""
    return lambda _home, value, _answers: (facts.setting_change(key, value),)


def with_acme(_home: Home, answers: Answers) -> bool:
    """Whether certificates come from an authority on the internet, which asks for a zone at Cloudflare."""
    return answers.get("tls.issuer") in members.acme_issuers(_home)


def with_mail(_home: Home, answers: Answers) -> bool:
    """Whether alerts are sent by mail."""
    return bool(answers.get("mail.server"))


ENVIRONMENTS = Question(
    key="environments",
    text="Environments, in the order of promotion; one is enough",
    example="home",
    read=forms.environments,
    present=lambda home, _: tuple(str(name) for name in listed(home)),
    changes=setting("environments"),
    check=facts.environments_can_go,
)
"""Asked first: the other questions are about one of them."""

FIXED: tuple[Question, ...] = (
    Question(
        key="repository-url",
        text="Git URL of your fork, as Argo CD reads it",
        example="https://github.com/me/homelab.git",
        read=partial(forms.setting, "repository-url"),
        present=facts.repository,
        changes=setting("repository-url"),
        required=True,
    ),
    Question(
        key="registry",
        text="OCI registry that charts are published to, and that the cluster pulls from; embedded is one on this machine",
        example="oci://ghcr.io/me/charts",
        read=partial(forms.setting, "registry"),
        present=facts.registry,
        changes=setting("registry"),
        required=True,
    ),
    Question(
        key="kube-version",
        text="Kubernetes version of the cluster",
        example="1.37.0",
        read=partial(forms.setting, "kube-version"),
        present=lambda home, _: str(home.settings["kube-version"]),
        changes=setting("kube-version"),
    ),
    Question(
        key="domain",
        text="Domain; every service is a name below it",
        example="home.example.com",
        read=forms.text,
        present=facts.domain,
        changes=fact("domain"),
        check=facts.domain_is_own,
        required=True,
    ),
    Question(
        key="tls.issuer",
        text="Issuer of certificates: selfsigned, or one of Let's Encrypt, with a domain at Cloudflare",
        example="letsencrypt-staging",
        read=forms.text,
        present=facts.issuer,
        changes=fact("tls.issuer"),
        check=facts.issuer_exists,
    ),
    Question(
        key="zone",
        text="Zone at Cloudflare that the domain is in; not written, the domain is checked with it",
        example="example.com",
        read=forms.text,
        present=facts.zone,
        check=facts.domain_in_zone,
        asked=with_acme,
    ),
    Question(
        key="email",
        text="Mail address of the account at Let's Encrypt",
        example="me@example.com",
        read=forms.mail,
        present=members.account,
        changes=members.account_changes,
        asked=with_acme,
    ),
    Question(
        key="timezone",
        text="Time zone",
        example="Europe/Vienna",
        read=forms.text,
        present=facts.time_zone,
        changes=fact("timezone"),
        required=True,
    ),
    Question(
        key="lan.cidr",
        text="Home network",
        example="192.168.20.0/24",
        read=forms.text,
        present=facts.network,
        changes=fact("lan.cidr"),
        required=True,
    ),
    Question(
        key="dhcp",
        text="Addresses that the DHCP server gives out, FIRST-LAST; not written, the pool is checked with it",
        example="192.168.20.100-192.168.20.199",
        read=forms.address_span,
        present=lambda _home, _answers: "",
    ),
    Question(
        key="addressPool",
        text="Addresses for the cluster: part of the home network that nobody else uses",
        example="192.168.20.224/28",
        read=forms.text,
        present=facts.pool,
        changes=fact("addressPool"),
        check=facts.pool_is_free,
        required=True,
    ),
    Question(
        key="ingressAddress",
        text="Address of Traefik, one of these",
        example="192.168.20.229",
        read=forms.text,
        present=facts.ingress,
        changes=fact("ingressAddress"),
        check=facts.ingress_in_pool,
        required=True,
    ),
    Question(
        key="storage.class",
        text="Storage class of volumes",
        example="local-path-{{ .Release.Namespace }}",
        read=forms.text,
        present=lambda home, _: facts.fact(home, "storage.class") or "local-path-{{ .Release.Namespace }}",
        changes=fact("storage.class"),
    ),
    Question(
        key="storage.folder",
        text="Folder of the node that has all volumes",
        example="/opt/homelab",
        read=forms.folder,
        present=members.storage_folder,
        changes=members.folder_changes,
        asked=members.has_one_folder,
    ),
    Question(
        key="backup.enabled",
        text="Back up from the start; each namespace then needs the Secret restic",
        example="no",
        read=forms.yes_or_no,
        present=lambda home, _: facts.fact(home, "backup.enabled"),
        changes=fact("backup.enabled"),
    ),
    Question(
        key="sso.enabled",
        text="Sign in once for all services; ./inv seal --missing generates its Secrets",
        example="yes",
        read=forms.yes_or_no,
        present=lambda home, _: facts.fact(home, "sso.enabled"),
        changes=fact("sso.enabled"),
    ),
    Question(
        key="mail.server",
        text="Mail server for alerts, HOST:PORT; none to see them in Alertmanager only",
        example="mail.example.com:587",
        read=forms.server,
        present=members.mail_server,
        changes=members.mail_changes,
        check=members.mail_port_is_open,
    ),
    Question(
        key="mail.from",
        text="Sender of alerts, and account at the mail server",
        example="alerts@example.com",
        read=forms.mail,
        present=members.mail_sender,
        asked=with_mail,
    ),
    Question(
        key="mail.to",
        text="Receiver of alerts",
        example="me@example.com",
        read=forms.mail,
        present=members.mail_receiver,
        asked=with_mail,
    ),
    Question(
        key="graphics",
        text="Request the Intel GPU that the values of this environment name",
        example="no",
        read=forms.yes_or_no,
        present=lambda _home, _answers: True,
        changes=members.graphics_changes,
        asked=lambda home, _: bool(members.marked_files(home.present)),
    ),
)


def listed(home: Home) -> tuple[str, ...]:
    """The environments of the settings."""
    names = home.settings["environments"]
    return tuple(map(str, names)) if isinstance(names, list | tuple) else ()


def services_question(umbrella: str) -> Question:
    """Which services of an umbrella run."""
    return Question(
        key=f"{FOR_SERVICES}{umbrella}",
        text=f"Services of {umbrella} that run; none for no service",
        example="none",
        read=forms.words,
        present=lambda home, _: services.running(home, umbrella),
        changes=lambda home, value, _: services.services_changes(home, umbrella, value),
        check=lambda home, value, _: services.services_exist(home, umbrella, value),
    )


def questions_of(home: Home) -> tuple[Question, ...]:
    """All questions about one environment."""
    umbrellas = [str(each.name) for each in home.workspace.umbrellas if str(each.name) not in home.shared]
    return (*FIXED, *(services_question(umbrella) for umbrella in umbrellas))
