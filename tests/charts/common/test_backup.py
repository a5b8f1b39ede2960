"""Copies: one CronJob for what a chart's entries ask for, in the same words as everything else."""

import json

import pytest

from slipway.delivery import backup_plan

pytestmark = pytest.mark.helm

ON = "global: {backup: {enabled: true, drill: {enabled: false}%s}}"
VOLUME = """
persistence: {config: {size: 1Gi, mounts: {app: [{path: /config}]}}}
controllers: {demo: {strategy: Recreate}}
"""
FILES = "backup: {config: {persistence: config, method: files%s}}"
DATABASE = """
databases: {demo: {image: {repository: registry.test/postgres, tag: 18.6-x}, size: 1Gi}}
backup: {demo: {database: demo, method: database}}
"""


RETENTION = "backup: {repository: {method: retention}}"


def script(objects):
    return objects.container("restic", "CronJob")["args"][0]


def before(objects):
    """The init containers after the one that finds the repository."""
    first, *rest = objects.pod_spec("CronJob")["initContainers"]
    assert first["name"] == "repository"
    return rest


def test_nothing_is_copied_until_the_platform_says_so(render):
    assert render(VOLUME + FILES % "").of("CronJob") == []


def test_nothing_is_copied_that_may_be_lost(render):
    values = ON % "" + VOLUME + "backup: {config: {persistence: config, optOut: it comes again}}"

    assert render(values).of("CronJob") == []


def test_a_volume_is_copied_as_its_owner_sees_it(render):
    values = (
        ON % ""
        + """
persistence: {config: {size: 1Gi, mounts: {app: [{path: /config, subPath: x}]}}}
controllers: {demo: {strategy: Recreate, pod: {securityContext: {runAsUser: 33, runAsGroup: 33, fsGroup: 33}}}}
"""
        + FILES % ""
    )
    objects = render(values)

    mounts = {mount["mountPath"]: mount for mount in objects.container("restic", "CronJob")["volumeMounts"]}
    assert mounts["/data/config"] == {"name": "config", "mountPath": "/data/config", "readOnly": True}
    assert objects.pod_spec("CronJob")["securityContext"]["runAsUser"] == 33
    volumes = {volume["name"]: volume for volume in objects.pod_spec("CronJob")["volumes"]}
    assert volumes["config"]["persistentVolumeClaim"] == {"claimName": "demo-config"}
    # The application's own mount stays as it was.
    assert objects.container()["volumeMounts"] == [{"name": "config", "mountPath": "/config", "subPath": "x"}]


def test_paths_are_left_out_from_the_root_of_the_volume(render):
    text = script(render(ON % "" + VOLUME + FILES % ", exclude: [logs, 'cache/*']"))

    assert "--exclude '/data/config/logs' --exclude '/data/config/cache/*' /data" in text


def test_old_copies_go_as_the_platform_says(render):
    text = script(render(ON % ", keep: {daily: 3, weekly: 2, monthly: 0}" + RETENTION.join("\n\n")))

    assert "--keep-daily 3 --keep-weekly 2 --keep-monthly 0 ||" in text


def test_the_repository_comes_from_the_platforms_secret(render):
    container = render(ON % ", secret: copies" + VOLUME + FILES % "").container("restic", "CronJob")

    assert container["envFrom"] == [{"secretRef": {"name": "copies"}}]


def test_a_database_is_dumped_by_its_own_version_before_the_copy(render):
    objects = render(ON % "" + DATABASE)

    (dump,) = before(objects)
    assert dump["image"] == "registry.test/postgres:18.6-x"
    assert dump["command"] == ["pg_dump", "--format=custom", "--file=/data/dump/demo.dump"]
    secrets = {item["valueFrom"]["secretKeyRef"]["name"] for item in dump["env"]}
    assert secrets == {"demo-app"}
    assert {mount["mountPath"] for mount in dump["volumeMounts"]} == {"/data/dump"}


def test_a_database_of_another_chart_is_dumped_into_the_same_copy(render):
    values = """
secrets: {account: {database: shop-postgres, keys: [host, port, dbname, username, password], purpose: x}}
backup:
  shop: {secret: account, method: database, image: {repository: registry.test/postgres, tag: 18.6-y}}
  config: {persistence: config, method: files}
"""
    objects = render(ON % "" + VOLUME + values)

    (dump,) = before(objects)
    assert dump["image"] == "registry.test/postgres:18.6-y"
    assert dump["command"] == ["pg_dump", "--format=custom", "--file=/data/dump/account.dump"]
    assert {item["valueFrom"]["secretKeyRef"]["name"] for item in dump["env"]} == {"shop-postgres-app"}
    (edge,) = (
        rule
        for rule in objects.one("NetworkPolicy", "demo-backup").at("spec", "egress")
        if rule["ports"][0]["port"] == 5432
    )
    assert edge["to"][0]["podSelector"]["matchLabels"] == {"cnpg.io/cluster": "shop-postgres"}


def test_sqlite_databases_are_copied_before_the_files_and_left_out_of_them(render):
    objects = render(ON % "" + VOLUME + FILES % ", exclude: [logs], sqlite: [app.db, data/more.db]")

    (copy,) = before(objects)
    assert copy["args"] == ["/data/config", "/data/dump/config", "app.db", "data/more.db"]
    # Its locks are files of the volume.
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in copy["volumeMounts"]}
    assert mounts == {"/data/config": False, "/data/dump": False}
    mounts = {mount["mountPath"]: mount for mount in objects.container("restic", "CronJob")["volumeMounts"]}
    assert mounts["/data/config"]["readOnly"]
    assert mounts["/data/dump"]["readOnly"]
    left_out = [
        "logs",
        *(f"{name}{end}" for name in ("app.db", "data/more.db") for end in ("", "-wal", "-shm", "-journal")),
    ]
    words = script(objects).partition("locked backup")[2].partition("\n")[0].split()
    assert [word.strip("'") for word in words if word.startswith("'/data")] == [
        f"/data/config/{name}" for name in left_out
    ]


QUIET = """, sqlite: [app.db], quiet: {
  image: {repository: registry.test/demo, tag: "1"}, command: [hush], probes: {startup: {exec: [test, -e, /data/config/x]}}}"""


def test_what_keeps_the_application_quiet_is_there_first_and_goes_last(render):
    first, second = before(render(ON % "" + VOLUME + FILES % QUIET))

    # The kubelet starts what follows after its startup probe, and ends it after everything else.
    assert (first["name"], first["restartPolicy"]) == ("quiet-config", "Always")
    assert first["startupProbe"]["exec"] == {"command": ["test", "-e", "/data/config/x"]}
    assert first["volumeMounts"] == [{"name": "config", "mountPath": "/data/config"}]
    assert second["name"] == "sqlite-config"


def test_copies_have_only_their_own_edges(render):
    network = "network: {dns: false, egress: {web: {to: {peer: internet}, ports: [8080]}}}"
    objects = render(ON % ", peer: lan, ports: [8000]" + network.join("\n\n") + DATABASE)
    egress = objects.one("NetworkPolicy", "demo-backup").at("spec", "egress")

    ports = {port["port"] for rule in egress for port in rule["ports"]}
    assert ports == {53, 8000, 5432}
    assert "ingress" not in objects.one("NetworkPolicy", "demo-backup").at("spec")


def test_dumps_come_before_files_and_each_service_has_its_minute(charts, render):
    minimal = charts.minimal + VOLUME.replace("controllers: {demo: {strategy: Recreate}}\n", "")

    def minutes(name, values):
        chart = charts.chart(name, values=minimal.replace("app:\n", "app:\n", 1))
        more = "controllers: {demo: {strategy: Recreate}}\n" + values
        minute, hour, *_ = render(ON % "" + "\n" + more, chart=chart).one("CronJob").at("spec", "schedule").split()
        return int(hour) * 60 + int(minute) - 120

    names = ("sonarr", "radarr", "jellyfin", "immich", "nextcloud")
    files = [minutes(name, FILES % "") for name in names]
    dumps = [minutes(name, DATABASE) for name in names]

    assert all(0 <= minute < 30 for minute in dumps)
    assert all(30 <= minute < 210 for minute in files)
    assert len(set(files)) == len(files)


def test_a_copy_that_fails_stops_no_sync(render):
    objects = render(ON % "" + VOLUME + FILES % "")

    annotations = objects.one("CronJob").at("metadata", "annotations")
    assert annotations["argocd.argoproj.io/ignore-healthcheck"] == "true"
    # It does not wait either for a pod that waits for a Secret.
    assert annotations["argocd.argoproj.io/sync-wave"] == objects.one("Deployment").at(
        "metadata", "annotations", "argocd.argoproj.io/sync-wave"
    )


def test_a_service_still_finds_its_only_controller(render):
    objects = render(ON % "" + VOLUME + FILES % "" + "\nservice: {demo: {ports: {http: {port: 80}}}}")

    assert objects.one("Service").at("spec", "selector", "app.kubernetes.io/component") == "demo"


def test_what_is_copied_exists(refuse):
    error = refuse("backup: {config: {persistence: config, method: files}}")

    assert "backup config is of persistence.config, which does not exist or is disabled" in error


def test_what_ends_with_its_pod_is_not_copied(refuse):
    error = refuse(
        "persistence: {tmp: {type: emptyDir, mounts: {app: [{path: /tmp}]}}}\nbackup: {tmp: {persistence: tmp, method: files}}"
    )

    assert "backup tmp is of persistence.tmp, which is not a claim; set backup.tmp to null" in error


@pytest.mark.parametrize("name", ["backup", "drill", "retention"])
def test_the_copies_controllers_are_the_librarys(refuse, name):
    error = refuse(
        f"controllers: {{{name}: {{containers: {{app: {{image: {{repository: registry.test/x, tag: 1.2.3}}}}}}}}}}"
    )

    assert f"the controller {name} is reserved for the library; rename controllers.{name}" in error


def test_nothing_is_quiet_before_the_repository_answers(render):
    containers = render(ON % "" + VOLUME + FILES % QUIET).pod_spec("CronJob")["initContainers"]

    assert [item["name"] for item in containers] == ["repository", "quiet-config", "sqlite-config"]


def test_a_copy_does_nothing_else_while_the_application_is_quiet(render):
    text = script(render(ON % "" + VOLUME + FILES % QUIET))

    assert not {"forget", "prune", "check"} & set(text.split())


def test_a_pod_that_failed_ends_and_the_application_with_it_is_no_longer_quiet(render):
    assert render(ON % "" + VOLUME + FILES % QUIET).pod_spec("CronJob")["restartPolicy"] == "Never"


def test_restic_has_the_minute_that_it_takes_to_remove_a_lock(render):
    assert render(ON % "" + VOLUME + FILES % "").pod_spec("CronJob")["terminationGracePeriodSeconds"] > 60


def test_no_two_pods_have_one_host_name(render):
    # restic takes the lock of a process that it does not see for stale, if that was on a host of the same name.
    assert "hostname" not in render(ON % "" + VOLUME + FILES % "").pod_spec("CronJob")


def test_a_backup_may_take_as_long_as_the_platform_says(render, refuse):
    objects = render(ON % ", activeDeadlineSeconds: 400000" + VOLUME + FILES % "")

    assert objects.one("CronJob").at("spec", "jobTemplate", "spec", "activeDeadlineSeconds") == 400000
    assert "activeDeadlineSeconds" in refuse(ON % ", activeDeadlineSeconds: 60" + VOLUME + FILES % "")


def test_the_retention_follows_the_last_backup(render):
    cron = render(ON % ", hour: 22, spread: 100" + RETENTION.join("\n\n")).one("CronJob", "demo-retention")

    assert cron.at("spec", "schedule") == "40 0 * * *"


def test_the_retention_reads_no_volume_and_reaches_the_repository_only(render):
    objects = render(ON % ", peer: lan, ports: [8000]" + RETENTION.join("\n\n"))

    assert [item["name"] for item in objects.pod_spec("CronJob")["volumes"]] == ["retention-work"]
    egress = objects.one("NetworkPolicy", "demo-retention").at("spec", "egress")
    assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 8000}


def test_no_repository_is_kept_before_there_are_backups(render):
    assert render(RETENTION).of("CronJob") == []


def test_a_volume_is_backed_up_by_one_entry(refuse):
    error = refuse(
        f"{VOLUME}backup: {{a: {{persistence: config, method: files}}, b: {{persistence: config, method: files}}}}"
    )

    assert "demo: backup a and b are both of persistence.config; merge them into one entry" in error


BOTH = """
secrets: {account: {database: shop-postgres, keys: [host, port, dbname, username, password], purpose: x}}
backup:
  shop: {secret: account, method: database, image: {repository: registry.test/postgres, tag: 18.6-y}}
  config:
    persistence: config
    method: files
    exclude: [logs, a b]
    sqlite: [app.db]
    quiet: {image: {repository: registry.test/demo, tag: "1"}, probes: {startup: {exec: [hush]}}}
"""


def test_the_cron_job_carries_the_data_that_it_is_rendered_from(render):
    objects = render(ON % "" + VOLUME + BOTH)
    cron = objects.one("CronJob")

    assert json.loads(cron.annotations["slipway.homelab/backup"]) == {
        "restic": "restic",
        "dump": "/data/dump",
        "volumes": [
            {
                "entry": "config",
                "path": "/data/config",
                "exclude": ["logs", "a b", "app.db", "app.db-wal", "app.db-shm", "app.db-journal"],
                "quiet": "quiet-config",
                "sqlite": {
                    "container": "sqlite-config",
                    "load": "load-sqlite-config",
                    "dump": "/data/dump/config",
                    "files": ["app.db"],
                },
            }
        ],
        "databases": [
            {
                "entry": "shop",
                "container": "dump-account",
                "load": "load-account",
                "file": "/data/dump/account.dump",
            }
        ],
    }
    plan = backup_plan.read(cron)
    assert {folder.path for folder in plan.folders} == {
        mount["mountPath"]
        for mount in objects.container(plan.restic, "CronJob")["volumeMounts"]
        if mount.get("readOnly")
    }
    assert {item.container for item in plan.dumps} | {"quiet-config"} == {item["name"] for item in before(objects)}


def test_without_dumps_there_is_no_folder_of_dumps(render):
    plan = backup_plan.read(render(ON % "" + VOLUME + FILES % "").one("CronJob"))

    assert [folder.path for folder in plan.folders] == ["/data/config"]
    assert plan.dumps == ()


@pytest.mark.parametrize(
    "entry",
    [
        "{persistence: config}",
        "{persistence: config, method: database}",
        "{database: demo, method: files}",
        "{persistence: config, method: files, optOut: why}",
    ],
)
def test_an_entry_says_what_and_how_or_why_not(refuse, entry):
    refuse(f"{VOLUME}backup: {{config: {entry}}}")


def test_a_dump_needs_the_account_of_a_database(refuse):
    error = refuse("""
secrets: {account: {keys: [x], purpose: x}}
backup: {shop: {secret: account, method: database, image: {repository: registry.test/postgres, tag: "1"}}}
""")

    assert "backup shop dumps the database of secrets.account, which names none; set secrets.account.database" in error


@pytest.mark.parametrize(
    "entry",
    [
        "{persistence: config, method: files, sqlite: []}",
        "{persistence: config, method: files, sqlite: [../x.db]}",
        "{persistence: config, method: files, sqlite: ['*.db']}",
        "{database: demo, method: database, sqlite: [x.db]}",
        "{secret: account, method: database}",
        "{persistence: config, secret: account, method: files}",
        "{persistence: config, method: application}",
        "{persistence: config, method: retention}",
    ],
)
def test_an_entry_that_says_nothing_is_refused(refuse, entry):
    assert "at '/backup/x': 'oneOf' failed" in refuse(f"backup: {{x: {entry}}}")
