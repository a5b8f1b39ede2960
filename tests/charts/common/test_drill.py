"""Drills: one CronJob beside each backup, which has no volume of the service and leaves nothing."""

import pytest

pytestmark = pytest.mark.helm

ON = "global: {backup: {enabled: true%s}}"
VOLUME = """
persistence: {config: {size: 3Gi, storageClass: own, mounts: {app: [{path: /config}]}}}
controllers: {demo: {strategy: Recreate}}
"""
FILES = "backup: {config: {persistence: config, method: files%s}}"
DATABASE = """
databases: {demo: {image: {repository: registry.test/postgres, tag: 18.6-x}, size: 7Gi, preload: [a.so, b.so]}}
backup: {demo: {database: demo, method: database}}
"""


def drill(objects):
    """The CronJob."""
    return objects.one("CronJob", "demo-drill")


def pod(objects):
    """Its pod."""
    return drill(objects).at("spec", "jobTemplate", "spec", "template", "spec")


def claims(objects):
    """Volume → spec of the claim that ends with the pod."""
    return {
        item["name"]: item["ephemeral"]["volumeClaimTemplate"]["spec"]
        for item in pod(objects)["volumes"]
        if "ephemeral" in item
    }


def test_each_service_with_a_backup_is_drilled_unless_the_platform_says_no(render):
    assert drill(render(ON % "" + VOLUME + FILES % ""))
    assert [item.name for item in render(ON % ", drill: {enabled: false}" + VOLUME + FILES % "").of("CronJob")] == [
        "demo-backup"
    ]
    assert render(VOLUME + FILES % "").of("CronJob") == []
    retention = ON % "" + "\nbackup: {repository: {method: retention}}"
    assert [item.name for item in render(retention).of("CronJob")] == ["demo-retention"]


@pytest.mark.parametrize("values", [VOLUME + FILES % ", sqlite: [app.db]", DATABASE])
def test_no_volume_of_a_service_is_part_of_its_drill(render, values):
    volumes = pod(render(ON % "" + values))["volumes"]

    assert {key for item in volumes for key in item} == {"name", "emptyDir", "ephemeral"}


def test_what_is_restored_has_a_claim_as_large_as_its_own_that_ends_with_the_pod(render):
    objects = render(ON % "" + VOLUME + FILES % "")

    (claim,) = claims(objects).values()
    assert claim["resources"] == {"requests": {"storage": "3Gi"}}
    assert claim["storageClassName"] == "own"
    # The claim is the pod's, and the pod is the Job's.
    assert drill(objects).at("spec", "jobTemplate", "spec", "ttlSecondsAfterFinished") == 3600


def test_a_verdict_is_final_and_everything_else_is_tried_again(render):
    job = drill(render(ON % "" + VOLUME + FILES % "")).at("spec", "jobTemplate", "spec")

    assert job["backoffLimit"] == 1
    assert job["podFailurePolicy"] == {
        "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [65]}}]
    }
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_the_platform_says_where_drills_restore_to(render):
    objects = render(ON % ", drill: {storageClass: spare}" + VOLUME + FILES % ", drill: {size: 9Gi}")

    (claim,) = claims(objects).values()
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("spare", "9Gi")


def test_a_volume_that_is_only_read_needs_no_room(render):
    assert claims(render(ON % "" + VOLUME + FILES % ", drill: {method: read}")) == {}


def test_a_dump_is_loaded_by_the_image_and_libraries_of_its_server(render):
    objects = render(ON % "" + DATABASE)

    (load,) = (item for item in pod(objects)["initContainers"] if item["name"] == "load-demo")
    assert load["image"] == "registry.test/postgres:18.6-x"
    assert next(item["value"] for item in load["env"] if item["name"] == "SERVER").endswith(
        "-c shared_preload_libraries=a.so,b.so"
    )
    assert {claim["resources"]["requests"]["storage"] for claim in claims(objects).values()} == {"7Gi"}


def test_a_database_of_another_chart_has_the_size_that_the_platform_or_the_entry_says(render):
    values = """
secrets: {account: {database: shop-postgres, keys: [host, port, dbname, username, password], purpose: x}}
backup: {shop: {secret: account, method: database, image: {repository: registry.test/postgres, tag: 18.6-y}%s}}
"""

    def size(more: str, entry: str) -> str:
        (claim,) = claims(render(ON % more + values % entry)).values()
        return claim["resources"]["requests"]["storage"]

    assert size("", "") == "20Gi"
    assert size(", drill: {size: 5Gi}", "") == "5Gi"
    assert size(", drill: {size: 5Gi}", ", drill: {size: 6Gi}") == "6Gi"


def test_a_drill_reads_the_repository_and_no_account_of_a_database(render):
    network = """
network:
  dns: false
  ingress: {web: {from: {peer: traefik}, ports: [8080]}}
  egress: {web: {to: {peer: internet}, ports: [8080]}}
"""
    objects = render(ON % ", peer: lan, ports: [8000]" + network + DATABASE)

    egress = objects.one("NetworkPolicy", "demo-drill").at("spec", "egress")
    assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 8000}
    assert "ingress" not in objects.one("NetworkPolicy", "demo-drill").at("spec")
    text = str(pod(objects))
    assert "demo-app" not in text
    assert "'secretRef': {'name': 'restic'}" in text


def test_steps_come_in_an_order_in_which_each_has_what_it_needs(render):
    both = VOLUME + DATABASE.replace("backup: {", "backup: {config: {persistence: config, method: files}, ")
    spec = pod(render(ON % "" + both))

    names = [item["name"] for role in ("initContainers", "containers") for item in spec[role]]
    assert names == ["newest", "recent", "restore", "load-demo", "check", "record"]


def test_a_drill_comes_twice_a_month_or_each_week_after_the_retention(charts, render):
    def fields(name: str, every: str) -> list[str]:
        chart = charts.chart(name, values=charts.minimal)
        values = ON % f", drill: {{every: {every}}}" + "\n" + VOLUME + FILES % ""
        return drill_of(render(values, chart=chart), name).at("spec", "schedule").split()

    names = ("sonarr", "radarr", "jellyfin", "immich", "nextcloud")
    fortnight = [fields(name, "fortnight") for name in names]
    for minute, hour, days, *rest in fortnight:
        first, second = map(int, days.split(","))
        assert (second - first, rest) == (14, ["*", "*"])
        # The retention is at six, and the repository is its own until it has ended.
        assert 480 <= int(hour) * 60 + int(minute) < 660
        # In every month.
        assert 1 <= first <= 14
    assert len({tuple(one) for one in fortnight}) == len(names)
    *_, month, weekday = fields("sonarr", "week")
    assert (month, weekday in set("0123456")) == ("*", True)


def drill_of(objects, name: str):
    """The drill of a chart of this name."""
    return objects.one("CronJob", f"{name}-drill")


def test_a_snapshot_may_be_as_old_as_the_schedule_and_the_deadline_of_a_backup_make_it(render):
    def limit(more: str) -> str:
        spec = pod(render(ON % more + VOLUME + FILES % ""))
        (recent,) = (item for item in spec["initContainers"] if item["name"] == "recent")
        return recent["args"][2]

    assert limit("") == "172800"
    assert limit(", activeDeadlineSeconds: 7200") == "93600"


def test_a_drill_that_fails_stops_no_sync(render):
    annotations = drill(render(ON % "" + VOLUME + FILES % "")).at("metadata", "annotations")

    assert annotations["argocd.argoproj.io/ignore-healthcheck"] == "true"


@pytest.mark.parametrize(
    "entry",
    [
        "{database: demo, method: database, drill: {method: read}}",
        "{database: demo, method: database, drill: {mayBeEmpty: true}}",
        "{persistence: config, method: files, drill: {method: sometimes}}",
        "{method: retention, drill: {method: read}}",
    ],
)
def test_a_drill_that_cannot_be_is_refused(refuse, entry):
    assert "/backup/x" in refuse(f"backup: {{x: {entry}}}")


def test_the_words_that_load_a_dump_are_those_of_a_restore(render):
    from slipway.delivery import restore

    spec = pod(render(ON % "" + DATABASE))
    (load,) = (item for item in spec["initContainers"] if item["name"] == "load-demo")

    def pipeline(text: str) -> list[str]:
        lines = [line.strip() for line in text.splitlines()]
        start = next(number for number, line in enumerate(lines) if line.startswith("pg_restore"))
        return [line.partition(" ||")[0].partition("\n}")[0] for line in lines[start : start + 3]]

    # The accounts of the server that rights were given to are not those of a drill.
    drilled = load["args"][0].replace(" --no-acl", "")
    assert pipeline(drilled) == pipeline(restore.DATABASE.format(dump="/data/dump/demo.dump"))
