"""The generated documentation: facts of values and schemas, and the Markdown that is made of them."""

import json
import re
from dataclasses import replace
from pathlib import Path

from slipway.config import SETTINGS
from slipway.core.errors import ExitCode
from slipway.core.model import ChartKind, ChartName
from slipway.docs import markdown, site
from slipway.docs.pages import chart_parts, library, readme, reference, services, umbrellas
from slipway.docs.source import monitoring, parsing, pinned_versions, resources, schema, value_rows
from slipway.docs.source.settings import INTERNAL, VARIABLES
from slipway.docs.source.tasks import load_tasks
from slipway.release.dangers.kinds import KINDS
from slipway.util import yaml
from slipway.util.mapping import dig

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {
    "properties": {
        "route": {"additionalProperties": {"oneOf": [{"$ref": "#/definitions/route"}, {"type": "null"}]}},
        "env": {
            "additionalProperties": {
                "oneOf": [{"type": ["string", "number"]}, {"type": "object", "properties": {"secret": {}}}]
            }
        },
    },
    "definitions": {
        "route": {
            "type": "object",
            "properties": {"access": {"enum": ["internal", "external"], "description": "From where."}},
        }
    },
}


def rows_of(text: str, schema: dict = SCHEMA) -> dict[str, value_rows.ValueRow]:
    document = yaml.parse(text.encode(), "values.yaml")
    notes = value_rows.comments(text, document.lines)
    return {row.key: row for row in value_rows.rows(document.mapping, schema, notes)}


def test_a_row_has_the_type_and_description_of_the_schema_and_the_comment_of_the_file() -> None:
    row = rows_of("route:\n  web:\n    # Televisions have no login.\n    access: external\n")["route.web.access"]

    assert row.type == "one of internal, external"
    assert row.description == "From where."
    assert row.default == "external"
    assert row.note == "Televisions have no login."


def test_a_comment_above_a_map_is_shown_at_its_first_leaf() -> None:
    rows = rows_of("# About routes\nroute:\n  web:\n    # and this\n    access: external\n    path: /\n")

    assert rows["route.web.access"].note == "About routes. and this"
    assert rows["route.web.path"].note == ""


def test_what_a_comment_repeats_is_shown_once() -> None:
    row = value_rows.ValueRow(
        path=("a",), type="text", default="", description="Parent of every host.", note="Parent of every host"
    )

    assert value_rows.description(row) == "Parent of every host."
    assert value_rows.description(replace(row, note="Only here")) == "Parent of every host. *Only here*"


def test_a_value_that_may_be_several_things_is_one_row() -> None:
    rows = rows_of("env:\n  KEY: {secret: sonarr}\n")

    assert list(rows) == ["env.KEY"]
    assert rows["env.KEY"].type == "string, number or map"


def test_a_key_that_no_schema_knows_still_has_a_row() -> None:
    assert rows_of("other: 1\n")["other"].type == "any"


def test_the_facts_of_the_platform_are_put_into_a_host_and_other_templates_stay() -> None:
    text = 'a.{{ .Values.global.domain }}.{{ include "x" . }}'

    assert resources.fill(text, {"domain": "home.org"}) == 'a.home.org.{{ include "x" . }}'
    assert resources.fill("{{ .Values.global.none }}", {}) == "{{ .Values.global.none }}"
    assert resources.named(text).startswith("a.<domain>.")


def test_an_edge_has_its_peer_ports_and_purpose() -> None:
    network = {
        "dns": False,
        "ingress": {"a": {"from": {"app": "homepage", "namespace": "utils"}, "ports": ["http"], "purpose": "widget"}},
        "egress": {
            "b": {"to": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}, "ports": [{"port": 51820, "protocol": "UDP"}]}
        },
    }

    found = tuple(resources.network_rules({"network": network, "controllers": {"x": {}}}))

    assert [(edge.incoming, edge.peer, edge.ports) for edge in found] == [
        (True, "homepage in utils", "http"),
        (False, "0.0.0.0/0 except 10.0.0.0/8", "51820/UDP"),
    ]


def test_cluster_dns_is_an_edge_unless_it_is_refused() -> None:
    assert [edge.peer for edge in resources.network_rules({"controllers": {"x": {}}})] == ["cluster DNS"]
    assert not tuple(resources.network_rules({"controllers": {"x": {}}, "network": {"dns": False}}))


def test_a_volume_has_its_type_its_mounts_and_whether_it_is_backed_up() -> None:
    chart = {
        "persistence": {"config": {"size": "5Gi", "mounts": {"app": [{"path": "/config", "readOnly": True}]}}},
        "backup": {"config": {"persistence": "config", "method": "files", "exclude": ["logs"]}},
    }

    volume = next(resources.volumes(chart))

    assert (volume.type, volume.detail, volume.mounts) == ("claim", "5Gi", ("app:/config (read-only)",))
    assert volume.retention == "retained on uninstall; backup: files, excluding logs"


def test_markdown_in_a_table_cannot_break_the_table() -> None:
    assert markdown.code("a|b") == r"`a\|b`"
    assert markdown.code("a`b") == "`` a`b ``"
    assert markdown.prose("a\n<b> | `<c>` *d*") == r"a &lt;b> \| `<c>` \*d\*"
    assert markdown.table(("A",), []) == ""


def test_a_section_without_content_has_a_placeholder_or_is_omitted() -> None:
    assert markdown.section(2, "Metrics", "", empty="None.") == "## Metrics\n\nNone."
    assert markdown.section(2, "Metrics", "") == ""


def test_the_page_of_a_chart_has_every_fact_of_its_operator(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[ChartName("qbittorrent")]

    page = services.service(parsed, entry, monitoring.load(parsed), pinned_versions.state(parsed))

    for title in (
        "Images",
        "Ingress",
        "First login",
        "Ports",
        "Storage",
        "Backup and restore",
        "Required secrets",
        "Used by",
        "Alerts and dashboards",
        "Gotchas",
        "Upgrades",
    ):
        assert f"## {title}\n" in page
    beside = chart_parts.pages(entry)
    for title in ("Network policy", "Contract exceptions", "Kubernetes API", "Probes", "Metrics"):
        assert f"## {title}\n" in beside["charts/qbittorrent/access.md"]
    assert "](qbittorrent/values.md)" in page
    assert "`qbittorrent/gluetun` | sidecar |" in page
    assert re.search(r"sha256:[0-9a-f]{64}", page)
    assert "`WIREGUARD_PRIVATE_KEY`" in page
    assert "51820/UDP" in beside["charts/qbittorrent/access.md"]
    assert "| `contract.non-root` | `gluetun` | only root may use" in beside["charts/qbittorrent/access.md"]
    assert "| `cluster DNS` |" not in beside["charts/qbittorrent/access.md"]


def test_every_value_of_a_chart_is_on_one_of_its_pages_and_no_page_has_many(parsed: parsing.ParsedWorkspace) -> None:
    for entry in parsed.of_kind(ChartKind.SERVICE):
        pages = dict(chart_parts.value_pages(entry))
        rows = [line for text in pages.values() for line in text.splitlines() if re.match(r"\| `[^|]+\| [a-z]", line)]

        assert len(rows) == len(tuple(entry.rows())), entry.chart.name
        assert max(text.count("\n| `") for text in pages.values()) <= 2 * chart_parts.ROWS, entry.chart.name


def test_the_address_of_a_service_has_the_domain_of_each_environment(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[ChartName("sonarr")]

    for name, environment in parsed.workspace.environments.items():
        domain = yaml.parse(environment.platform.text, "platform.yaml").mapping["domain"]
        assert services.address(entry, name, "sonarr") == f"`https://sonarr.{domain}`"


def test_a_route_that_a_chart_writes_itself_is_a_route_like_any_other() -> None:
    def route(middlewares: list[dict[str, str]]) -> dict[str, object]:
        rule = {"match": "Host(`x.home`)", "middlewares": middlewares}
        return {"kind": "IngressRoute", "spec": {"routes": [rule]}}

    extra = {"page": route([{"name": "local-only"}]), "open": route([]), "other": {"kind": "Middleware"}}

    assert dict(resources.routes({"route": {"web": {"host": "y.home"}}, "extraObjects": extra})) == {
        "web": {"host": "y.home"},
        "page": {"host": "x.home", "access": "internal"},
        "open": {"host": "x.home", "access": "external"},
    }


def test_the_way_in_has_its_own_page_and_its_address_in_the_home_network(parsed: parsing.ParsedWorkspace) -> None:
    message = services.ingress(parsed.entries[ChartName("traefik")])

    assert "| `traefik` | internal | staging | `https://traefik.staging.home.example.org` |" in message
    assert "LoadBalancer address of Service `traefik`: staging `192.168.1.229`, production" in message


def test_the_account_of_a_database_is_nobodys_to_seal_and_each_reader_is_named_once(
    parsed: parsing.ParsedWorkspace,
) -> None:
    (row,) = [
        line
        for line in services.secrets(parsed.entries[ChartName("nextcloud")]).splitlines()
        if "nextcloud-postgres-app" in line
    ]

    assert row.endswith("| CloudNativePG, for `nextcloud-postgres` | `nextcloud/app`, `nextcloud/wait`, `cron/app` |")


def test_the_secret_of_the_copies_is_listed_with_the_members_that_are_copied(parsed: parsing.ParsedWorkspace) -> None:
    (row,) = [
        line
        for line in umbrellas.all_secrets(parsed, parsed.entries[ChartName("htpc")]).splitlines()
        if line.startswith("| `restic`")
    ]

    assert "`RESTIC_PASSWORD`, `RESTIC_REPOSITORY` | you, as a sealed secret, if backups are enabled |" in row
    assert "[sonarr](sonarr.md)" in row
    assert "scraparr" not in row


def test_a_member_that_is_switched_off_has_no_address(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[ChartName("sonarr")]
    off = replace(entry, environments={"staging": {**entry.environments["staging"], "enabled": False}})

    assert services.address(off, "staging", "sonarr") == markdown.EMPTY


def test_the_page_of_an_umbrella_lists_its_members(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[ChartName("htpc")]

    page = umbrellas.page(parsed, entry, pinned_versions.state(parsed))

    assert all(f"| [{dep.name}]({dep.name}.md) | `{dep.version}` |" in page for dep in entry.chart.dependencies)


def test_the_pages_of_the_library_have_every_key_of_every_fragment(parsed: parsing.ParsedWorkspace) -> None:
    pages = library.pages(parsed)

    for name, fragment in parsed.fragments.items():
        path = "reference/library.md" if name == library.ROOT else f"reference/library/{name}.md"
        for key in dig(fragment, "properties"):
            assert f"| `{key}` |" in pages[path], f"{name}.{key}"


def test_a_readme_has_nothing_that_a_release_or_a_fork_changes(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[ChartName("sonarr")]
    chart = replace(
        entry.chart, version="9.9.9", metadata={**entry.chart.metadata, "version": "9.9.9", "appVersion": "9"}
    )

    assert readme.text(replace(entry, chart=chart, environments={})) == readme.text(entry)
    assert "sha256:" not in readme.text(entry)


def test_every_setting_has_a_meaning_and_a_row() -> None:
    page = reference.configuration()

    assert all(setting.description in page for setting in SETTINGS.values())
    assert all(f"| `{key}` | {setting.type} |" in page for key, setting in SETTINGS.items())


def test_every_variable_that_the_sources_read_is_documented() -> None:
    modules = (path for path in (ROOT / "slipway").rglob("*.py") if not path.is_relative_to(ROOT / "slipway" / "docs"))
    sources = [ROOT / "inv", *modules]
    read = {name for path in sources for name in re.findall(r"SLIPWAY_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))}

    assert read == set(VARIABLES) | INTERNAL


def test_every_exit_code_is_on_its_page() -> None:
    page = reference.exit_codes()

    assert all(f"| `{int(number)}` |" in page for number in ExitCode)


def test_every_danger_is_on_its_page() -> None:
    page = reference.danger_kinds()

    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == list(KINDS)


def test_every_rule_is_on_its_page_once() -> None:
    page = reference.rules(site.rule_tables())

    assert all(page.count(f"| `{rule}` |") == 1 for table in site.rule_tables().values() for rule in table)


def test_the_page_of_tasks_has_every_task_with_its_flags() -> None:
    found = {task.name: task for task in load_tasks(ROOT)}

    page = reference.tasks(tuple(found.values()))

    assert {"release", "test", "plan", "new", "docs"} <= set(found)
    assert all(f"\n## {name}\n" in page for name in found)
    assert "`--dry-run`" in page
    assert found["explain"].usage == "./inv explain CHART"
    assert all(task.doc for task in found.values())


def test_staging_writes_only_what_changed_and_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    target = site.stage(tmp_path, {"a.md": "# A\n", "b.md": "# B\n"})
    before = (target / "a.md").stat().st_ino

    site.stage(tmp_path, {"a.md": "# A\n"})

    assert (target / "a.md").stat().st_ino == before
    assert sorted(path.name for path in target.iterdir()) == ["a.md", "index.md"]


def test_a_schema_fragment_that_refers_to_itself_ends() -> None:
    cycle = json.loads('{"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}')

    assert schema.resolve(cycle, cycle["definitions"]) is not None
