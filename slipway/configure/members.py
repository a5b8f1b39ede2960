"""Answers that are written for one member of an umbrella: mail, the folder of volumes, graphics. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from slipway.configure.model import Answers, Change, Home, Value
from slipway.core.errors import Problem
from slipway.core.model import Environment
from slipway.lint.platform_facts import with_facts
from slipway.util.mapping import dig, listing, strings
from slipway.workspace.documents import chart_document
from slipway.workspace.values import ABSENT, Path, value_at

ALERTS: Path = ("config", "settings", "files", "alertmanager.yml")
"""Alertmanager's configuration in the values of its chart."""
FOLDERS: Path = ("config", "local-path-provisioner", "files", "config.json")
"""The folders of the storage classes in the values of the provisioner's chart."""
GRAPHICS = "# graphics"
"""Ends each line that requests a GPU: docs/guides/graphics.md."""
INTERFACE = "interface"
"""Alertmanager's receiver that notifies nobody."""


# Mail


def account(home: Home, _answers: Answers) -> Value:
    """The mail address of the account at the certificate authority."""
    found = home.member("cert-manager")
    for name in acme_issuers(home):
        assert found is not None
        written = str(value_at(found[1].values, (*account_path(name),)))
        return with_facts({**found[1].facts, **_answers}, written)
    return ""


def acme_issuers(home: Home) -> tuple[str, ...]:
    """The issuers that have an account at a certificate authority."""
    found = home.member("cert-manager")
    objects = dig(found[1].values, "extraObjects") if found else {}
    return tuple(name for name in objects if dig(objects, name, "spec", "acme"))


def account_path(issuer: str) -> Path:
    """Where the values of cert-manager have the address."""
    return ("extraObjects", issuer, "spec", "acme", "email")


def account_changes(home: Home, value: Value, answers: Answers) -> Iterator[Change]:
    """The address in every account; none is written where it is that of the chart."""
    if (found := home.member("cert-manager")) is None:
        return
    umbrella, member = found
    for name in acme_issuers(home):
        default = value_at(chart_document(member.chart).mapping, account_path(name))
        same = with_facts({"domain": answers.get("domain", "")}, str(default)) == value
        yield Change(
            file=home.values_file(umbrella),
            path=(member.key, *account_path(name)),
            value=ABSENT if same else value,
        )


def alert_settings(home: Home) -> Mapping[str, object]:
    """Alertmanager's configuration."""
    found = home.member("alertmanager")
    return dig(found[1].values, *ALERTS) if found else {}


def mail_server(home: Home, _answers: Answers) -> Value:
    """The mail server of alerts."""
    return str(dig(alert_settings(home), "global").get("smtp_smarthost", ""))


def mail_sender(home: Home, answers: Answers) -> Value:
    """The sender of alerts."""
    return str(dig(alert_settings(home), "global").get("smtp_from", "")) or f"alerts@{answers.get('domain', '')}"


def mail_receiver(home: Home, answers: Answers) -> Value:
    """The receiver of alerts."""
    for receiver in listing(alert_settings(home), "receivers"):
        for target in listing(receiver, "email_configs"):
            return str(target.get("to", ""))
    return answers.get("email", "")


def mail_port_is_open(home: Home, value: Value, _answers: Answers) -> Iterator[Problem]:
    """Alertmanager may reach the port of the mail server."""
    port = str(value).rpartition(":")[2]
    found = home.member("alertmanager")
    rules = dig(found[1].values, "network", "egress") if found else {}
    open_ports = sorted({port for name in rules for port in strings(rules[name], "ports")})
    if value and port not in open_ports:
        fact = f"the network policy of alertmanager has no port {port}"
        yield Problem(where="", fact=fact, hint=f"use one of {', '.join(open_ports)}, or none")


def mail_changes(home: Home, _value: Value, answers: Answers) -> Iterator[Change]:
    """The receivers of alerts; those of another kind stay as they are."""
    found = home.member("alertmanager")
    wanted = str(answers.get("mail.server", ""))
    if found is None or (not wanted and not mail_server(home, answers)):
        return
    umbrella, member = found
    sender, receiver = str(answers.get("mail.from", "")), str(answers.get("mail.to", ""))
    receivers = [
        {"name": INTERFACE},
        {"name": "notifications", "email_configs": [{"to": receiver}]},
        {"name": "watchdog"},
    ]
    values: Mapping[Path, object] = {
        ("global", "smtp_smarthost"): wanted,
        ("global", "smtp_from"): sender,
        ("global", "smtp_auth_username"): sender,
        ("global", "smtp_auth_password_file"): "/etc/alertmanager-secrets/smtp-password",
        ("route", "receiver"): INTERFACE,
        ("receivers",): receivers,
    }
    for path, value in values.items():
        file = home.values_file(umbrella)
        yield Change(file=file, path=(member.key, *ALERTS, *path), value=value if wanted else ABSENT)


# Folders of volumes


def folders_text(home: Home) -> str:
    """The provisioner's configuration as it is."""
    found = home.member("local-path-provisioner")
    return str(value_at(found[1].values, FOLDERS)) if found else ""


def folder_of(text: str) -> str:
    """The folder that has one for each namespace; empty when a class is elsewhere."""
    try:
        classes = dig(json.loads(text), "storageClassConfigs")
    except ValueError:
        return ""
    paths = {
        path.rpartition("/")
        for name in classes
        for entry in listing(classes[name], "nodePathMap")
        for path in strings(entry, "paths")
    }
    tops = {top for top, _, _ in paths}
    return tops.pop() if len(tops) == 1 else ""


def storage_folder(home: Home, _answers: Answers) -> Value:
    """The folder of all volumes on a node."""
    return folder_of(folders_text(home))


def has_one_folder(home: Home, answers: Answers) -> bool:
    """Whether volumes are folders of the node, all below one."""
    return str(answers.get("storage.class", "")).startswith("local-path") and bool(folder_of(folders_text(home)))


def folder_changes(home: Home, value: Value, _answers: Answers) -> Iterator[Change]:
    """The provisioner's configuration with another folder."""
    if (found := home.member("local-path-provisioner")) is None:
        return
    umbrella, member = found
    shipped = str(value_at(chart_document(member.chart).mapping, FOLDERS))
    default = folder_of(shipped)
    moved = re.sub(rf'"{re.escape(default)}/', f'"{value}/', shipped)
    file = home.values_file(umbrella)
    yield Change(file=file, path=(member.key, *FOLDERS), value=ABSENT if value == default else moved)


# Graphics


def marked_files(environment: Environment) -> tuple[str, ...]:
    """The files that request a GPU."""
    return tuple(
        file.path
        for file in environment.namespaces.values()
        if any(line.rstrip().endswith(GRAPHICS) for line in file.text.decode("utf-8").splitlines())
    )


def graphics_changes(home: Home, value: Value, _answers: Answers) -> Iterator[Change]:
    """Without graphics, no line that requests a GPU."""
    if not value:
        for path in marked_files(home.present):
            yield Change(file=path, mark=GRAPHICS)
