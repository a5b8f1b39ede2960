"""The pages of umbrellas: members, addresses, secrets, and what each environment changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.model import Dependency
from slipway.docs.markdown import code, codes, prose, section, site_page, table, value
from slipway.docs.pages import changelogs, environment_values
from slipway.docs.pages.services import accesses, address, maker
from slipway.docs.source import pinned_versions
from slipway.docs.source.parsing import Book, Entry
from slipway.docs.source.schema import mapping, merge, texts
from slipway.docs.source.value_rows import rows
from slipway.util import yaml
from slipway.workspace import declarations


def page(book: Book, entry: Entry, held: pinned_versions.State) -> str:
    """The page of an umbrella: its members, and what each environment changes."""
    chart = entry.chart
    annotations = mapping(chart.metadata.get("annotations"))
    members = (
        (
            known(dep),
            code(dep.version),
            code(book.entries[dep.name].chart.app_version or ""),
            code(dep.condition or ""),
            prose(book.entries[dep.name].description),
        )
        for dep in chart.dependencies
        if dep.name in book.entries
    )
    rows = [
        ("Chart", f"{code(chart.name)} {code(chart.version)}, in {code(chart.folder)}"),
        ("Namespace", code(chart.name)),
        ("Kubernetes", code(chart.metadata.get("kubeVersion", ""))),
        ("Pod Security level", code(annotations.get("slipway.homelab/pod-security", "restricted"))),
        ("Rolling sync step", code(annotations.get("slipway.homelab/sync-step", "50"))),
        *((f"Pinned in {name}", pinned_versions.umbrella(pins.get(chart.name))) for name, pins in held.items()),
        ("Values", f"[values of {chart.name}](../{environment_values.FOLDER}/{chart.name}.md)"),
        ("Changes", f"[changelog](../{changelogs.FOLDER}/{chart.name}.md)"),
    ]
    return site_page(
        f"# The {chart.name} namespace",
        prose(entry.description) + ".",
        table(("", ""), rows),
        section(2, "Members", table(("Member", "Version", "App version", "Condition", "Description"), members)),
        section(2, "Ingress", addresses(book, entry)),
        section(2, "Required secrets", all_secrets(book, entry), empty="It needs none."),
        section(2, "Environment values", *changes(book, entry), empty="None."),
    )


def known(member: Dependency) -> str:
    """A member by the name that its objects have, linked to its chart."""
    return f"[{member.key}]({member.name}.md)"


def addresses(book: Book, entry: Entry) -> str:
    """Every address of the namespace."""
    environments = tuple(book.workspace.environments)
    rows = []
    for dep in entry.chart.dependencies:
        member = book.entries[dep.name]
        for name, access in accesses(member):
            hosts = [address(member, environment, name).replace("https://", "") for environment in environments]
            rows.append((known(dep), access, *hosts))
    return table(("Member", "Access", *environments), rows)


def all_secrets(book: Book, entry: Entry) -> str:
    """Every secret of the namespace that somebody must make, once, with its keys, who makes it and its readers."""
    keys: dict[str, dict[str, None]] = {}
    makers: dict[str, str] = {}
    readers: dict[str, list[str]] = {}
    for dep in entry.chart.dependencies:
        member = book.entries[dep.name]
        above = mapping(entry.values.get(dep.key))
        for secret, spec in declarations.secrets(member.chart, dep.key, merge(member.values, above)):
            if "database" in spec:
                continue
            keys.setdefault(secret, {}).update(dict.fromkeys(texts(spec.get("keys"))))
            readers.setdefault(secret, []).append(known(dep))
            if spec.get("producer") or secret not in makers:
                makers[secret] = maker(spec)
        if any(True for _ in declarations.copied(merge(member.values, above))):
            keys.setdefault(declarations.REPOSITORY, {}).update(dict.fromkeys(sorted(declarations.REPOSITORY_KEYS)))
            makers[declarations.REPOSITORY] = "you, as a sealed secret, if backups are enabled"
            readers.setdefault(declarations.REPOSITORY, []).append(known(dep))
    rows = ((code(name), codes(keys[name]), makers[name], ", ".join(readers[name])) for name in sorted(keys))
    return table(("Secret", "Keys", "Created by", "Used by"), rows)


def changes(book: Book, entry: Entry) -> Iterator[str]:
    """The overrides of each environment, key by key."""
    for name, environment in book.workspace.environments.items():
        file = environment.namespaces.get(entry.chart.name)
        if file is None:
            continue
        document = yaml.parse(file.text, file.path)
        found = rows(document.mapping, {}, {})
        lines = ((code(row.key), value(row.default)) for row in found)
        yield section(3, name, f"From {code(file.path)}:", table(("Key", "Value"), lines))
