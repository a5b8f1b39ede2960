"""Pages of umbrella charts: members, ingress, required secrets, values of each environment. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.model import Dependency
from slipway.docs.markdown import code, codes, prose, section, site_page, table, value
from slipway.docs.pages import changelogs, environment_values
from slipway.docs.pages.services import accesses, address, creator
from slipway.docs.source import pinned_versions
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.docs.source.schema import texts
from slipway.docs.source.value_rows import rows
from slipway.util import yaml
from slipway.workspace import declarations
from slipway.workspace.annotations import namespace_annotations


def page(parsed: ParsedWorkspace, entry: ParsedChart, pinned: pinned_versions.PinnedVersions) -> str:
    """The page of an umbrella."""
    chart = entry.chart
    annotations = namespace_annotations(chart)
    members = (
        (
            member_link(dep),
            code(dep.version),
            code(parsed.entries[dep.name].chart.app_version or ""),
            code(dep.condition or ""),
            prose(parsed.entries[dep.name].description),
        )
        for dep in chart.dependencies
        if dep.name in parsed.entries
    )
    rows = [
        ("Chart", f"{code(chart.name)} {code(chart.version)}, in {code(chart.folder)}"),
        ("Namespace", code(chart.name)),
        ("Kubernetes", code(chart.metadata.get("kubeVersion", ""))),
        ("Pod Security level", code(annotations.pod_security)),
        ("Rolling sync step", code(annotations.sync_step)),
        *((f"Pinned in {name}", pinned_versions.umbrella(pins.get(chart.name))) for name, pins in pinned.items()),
        ("Values", f"[values of {chart.name}](../{environment_values.FOLDER}/{chart.name}.md)"),
        ("Changes", f"[changelog](../{changelogs.FOLDER}/{chart.name}.md)"),
    ]
    return site_page(
        f"# The {chart.name} namespace",
        prose(entry.description) + ".",
        table(("", ""), rows),
        section(2, "Members", table(("Member", "Version", "App version", "Condition", "Description"), members)),
        section(2, "Ingress", addresses(parsed, entry)),
        section(2, "Required secrets", all_secrets(parsed, entry), empty="It needs none."),
        section(2, "Environment values", *changes(parsed, entry), empty="None."),
    )


def member_link(member: Dependency) -> str:
    """A member, linked to the page of its chart."""
    return f"[{member.key}]({member.name}.md)"


def addresses(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The hosts of all routes, in each environment."""
    environments = tuple(parsed.workspace.environments)
    rows = []
    for dep in entry.chart.dependencies:
        member = parsed.entries[dep.name]
        for name, access in accesses(member):
            hosts = [address(member, environment, name).replace("https://", "") for environment in environments]
            rows.append((member_link(dep), access, *hosts))
    return table(("Member", "Access", *environments), rows)


def all_secrets(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The Secrets that must be created in the namespace, with their keys, creators and users."""
    keys: dict[str, dict[str, None]] = {}
    creators: dict[str, str] = {}
    users: dict[str, list[str]] = {}
    for dep in entry.chart.dependencies:
        member = parsed.member(entry.chart, dep.key)
        for secret, spec in declarations.secrets(member.chart, dep.key, member.values):
            if "database" in spec:
                continue
            keys.setdefault(secret, {}).update(dict.fromkeys(texts(spec.get("keys"))))
            users.setdefault(secret, []).append(member_link(dep))
            if spec.get("producer") or secret not in creators:
                creators[secret] = creator(spec)
        if any(True for _ in declarations.copied(member.values)):
            keys.setdefault(declarations.REPOSITORY, {}).update(dict.fromkeys(sorted(declarations.REPOSITORY_KEYS)))
            creators[declarations.REPOSITORY] = "you, as a sealed secret, if backups are enabled"
            users.setdefault(declarations.REPOSITORY, []).append(member_link(dep))
    rows = ((code(name), codes(keys[name]), creators[name], ", ".join(users[name])) for name in sorted(keys))
    return table(("Secret", "Keys", "Created by", "Used by"), rows)


def changes(parsed: ParsedWorkspace, entry: ParsedChart) -> Iterator[str]:
    """The values that each environment overrides."""
    for name, environment in parsed.workspace.environments.items():
        file = environment.namespaces.get(entry.chart.name)
        if file is None:
            continue
        document = yaml.parse(file.text, file.path)
        found = rows(document.mapping, {}, {})
        lines = ((code(row.key), value(row.default)) for row in found)
        yield section(3, name, f"From {code(file.path)}:", table(("Key", "Value"), lines))
