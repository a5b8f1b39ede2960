"""Databases: what the operator is asked for, and who reaches the instances that it makes."""

import pytest

pytestmark = pytest.mark.helm

SMALL = "databases: {demo: {image: {repository: registry.test/postgres, tag: 18.6-x}, size: 1Gi%s}}"
"""A database beside the minimal service; the text goes into its entry."""


def cluster(render, more="", values=""):
    return render(f"{SMALL % more}\n{values}").one("Cluster")


def test_a_database_is_one_server_with_one_database_and_its_owner(render):
    spec = cluster(render).at("spec")

    assert spec["instances"] == 1
    assert spec["imageName"] == "registry.test/postgres:18.6-x"
    assert spec["bootstrap"]["initdb"] == {"database": "app", "owner": "app", "encoding": "UTF8", "dataChecksums": True}
    assert spec["enableSuperuserAccess"] is False
    assert spec["enablePDB"] is False


def test_the_application_names_database_and_owner(render):
    initdb = cluster(render, ", application: photo-library").at("spec", "bootstrap", "initdb")

    assert (initdb["database"], initdb["owner"]) == ("photo_library", "photo_library")


def test_a_name_of_its_own_wins(render):
    initdb = cluster(render, ", application: tandoor, database: recipes, owner: cook").at("spec", "bootstrap", "initdb")

    assert (initdb["database"], initdb["owner"]) == ("recipes", "cook")


def test_more_instances_come_with_a_disruption_budget(render):
    spec = cluster(render, ", instances: 3").at("spec")

    assert (spec["instances"], spec["enablePDB"]) == (3, True)


def test_its_storage_is_the_platforms(render):
    storage = cluster(render, values="global: {storage: {class: fast}}").at("spec", "storage")

    assert storage == {"size": "1Gi", "storageClass": "fast"}


def test_settings_are_text(render):
    parameters = ", parameters: {max_connections: 100, wal_compression: true, work_mem: 4MB}"

    assert cluster(render, parameters).at("spec", "postgresql", "parameters") == {
        "max_connections": "100",
        "wal_compression": "true",
        "work_mem": "4MB",
    }


def test_the_superuser_makes_extensions_before_the_application_comes(render):
    objects = render(
        SMALL % ", preload: [v.so], extensions: [{name: vector}, {name: v, version: 1.2.3}], sql: [ANALYZE]"
    )

    spec = objects.one("Cluster").at("spec")
    assert spec["postgresql"]["shared_preload_libraries"] == ["v.so"]
    assert spec["bootstrap"]["initdb"]["postInitApplicationSQL"] == [
        'CREATE EXTENSION IF NOT EXISTS "vector" CASCADE',
        'CREATE EXTENSION IF NOT EXISTS "v" CASCADE',
        "ANALYZE",
    ]


def test_an_extension_of_another_version_is_brought_up_to_it(render):
    spec = render(SMALL % ", extensions: [{name: v, version: 1.2.3}]").one("Database").at("spec")

    assert spec["cluster"] == {"name": "demo"}
    assert spec["extensions"] == [{"name": "v", "ensure": "present", "version": "1.2.3"}]
    assert spec["databaseReclaimPolicy"] == "retain"
    assert (spec["name"], spec["owner"]) == ("app", "app")


def test_its_data_goes_only_by_hand(render):
    annotations = cluster(render).at("metadata", "annotations")

    assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert annotations["helm.sh/resource-policy"] == "keep"


def test_workloads_wait_until_it_is_healthy(render):
    objects = render(SMALL % "")

    waves = {
        kind: int(objects.one(kind).at("metadata", "annotations", "argocd.argoproj.io/sync-wave"))
        for kind in ("Cluster", "Deployment")
    }
    assert waves["Cluster"] < waves["Deployment"]


def test_what_has_no_word_is_said_in_the_operators_own(render):
    spec = cluster(render, ", spec: {startDelay: 60, description: '{{ .Values.global.domain }}', storage: {size: 2Gi}}")

    assert spec.at("spec", "startDelay") == 60
    assert spec.at("spec", "description") == "homelab.example.org"
    assert spec.at("spec", "storage") == {"size": "2Gi"}


def test_its_history_goes_to_an_object_store(render):
    objects = render(SMALL % ", objectStore: {name: store}")

    (plugin,) = objects.one("Cluster").at("spec", "plugins")
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"] == {"barmanObjectName": "store", "serverName": "demo"}
    backup = objects.one("ScheduledBackup").at("spec")
    assert (backup["cluster"], backup["method"]) == ({"name": "demo"}, "plugin")
    assert len(backup["schedule"].split()) == 6


def test_it_begins_with_what_an_object_store_has(render):
    spec = cluster(render, ", recovery: {objectStore: store, server: old, targetTime: '2026-11-01T03:00:00Z'}").at(
        "spec"
    )

    assert spec["bootstrap"] == {
        "recovery": {
            "database": "app",
            "owner": "app",
            "source": "origin",
            "recoveryTarget": {"targetTime": "2026-11-01T03:00:00Z"},
        }
    }
    (origin,) = spec["externalClusters"]
    assert origin["name"] == "origin"
    assert origin["plugin"]["parameters"] == {"barmanObjectName": "store", "serverName": "old"}


def test_it_begins_with_a_backup_of_the_namespace(render):
    recovery = cluster(render, ", recovery: {backup: before}").at("spec", "bootstrap", "recovery")

    assert recovery == {"database": "app", "owner": "app", "backup": {"name": "before"}}


def test_it_does_not_write_into_the_history_that_it_comes_from(refuse):
    error = refuse(SMALL % ", recovery: {objectStore: store}, objectStore: {name: store}")

    assert "database demo would write to the WAL archive that it recovers from" in error
    assert "databases.demo.objectStore.server" in error


def test_an_image_says_which_postgresql_it_is(refuse):
    assert "tag" in refuse("databases: {demo: {image: {repository: registry.test/postgres, tag: latest}, size: 1Gi}}")


def test_nobody_reaches_an_instance_but_the_application(render):
    values = f"network: {{dns: false}}\ncontrollers: {{demo: null}}\n{SMALL % ', application: web'}"
    spec = render(values).one("NetworkPolicy").at("spec")

    assert spec["podSelector"] == {"matchLabels": {"cnpg.io/cluster": "demo"}}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "apps"}},
                    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
                }
            ],
            "ports": [{"port": 5432, "protocol": "TCP"}],
        }
    ]
    assert "egress" not in spec


def test_instances_are_among_the_charts_own_pods(render):
    network = "network: {dns: false, ingress: {own: {controller: demo, from: {peer: self}, ports: [5432]}}}"
    (rule,) = render(f"controllers: {{demo: null}}\n{network}\n{SMALL % ''}").one("NetworkPolicy").at("spec", "ingress")

    assert {"podSelector": {"matchLabels": {"cnpg.io/cluster": "demo"}}} in rule["from"]


def test_an_edge_may_lead_to_a_database(render):
    network = "network: {dns: false, egress: {x: {to: {database: web-postgres}, ports: [5432]}}}"
    (rule,) = render(network).one("NetworkPolicy").at("spec", "egress")

    assert rule["to"] == [{"podSelector": {"matchLabels": {"cnpg.io/cluster": "web-postgres"}}}]


def test_its_figures_are_announced_for_each_instance(render):
    service = render(SMALL % "").one("Service", "demo-metrics")

    assert service.at("metadata", "annotations", "prometheus.io/port") == "9187"
    assert service.at("spec", "selector") == {"cnpg.io/cluster": "demo"}


def test_its_figures_are_announced_to_the_prometheus_operator(render):
    objects = render(f"global: {{metrics: {{kind: ServiceMonitor}}}}\n{SMALL % ''}")

    wanted = objects.one("ServiceMonitor").at("spec", "selector", "matchLabels")
    assert wanted.items() <= objects.one("Service", "demo-metrics").at("metadata", "labels").items()
    assert "prometheus.io/port" not in objects.one("Service", "demo-metrics").at("metadata", "annotations")


def test_its_figures_can_be_kept_back(render):
    assert render(SMALL % ", metrics: false").of("Service") == []


def test_an_account_is_the_operators_secret(render):
    values = """
secrets: {database: {database: web-postgres, keys: [host, password], purpose: account}}
controllers: {demo: {containers: {app: {env: {DB_HOST: {secret: database, key: host}}}}}}
"""
    (variable,) = render(values).container()["env"]

    assert variable["valueFrom"]["secretKeyRef"] == {"name": "web-postgres-app", "key": "host"}


@pytest.mark.parametrize("entry", ["keys: [pasword]", "keys: [password], name: other"])
def test_an_account_has_the_keys_and_the_name_that_the_operator_gives(refuse, entry):
    refuse(f"secrets: {{database: {{database: web-postgres, purpose: account, {entry}}}}}")


def test_under_an_alias_the_main_entries_are_called_like_it(charts, render):
    chart = charts.chart(
        "web-cache",
        values="""
controllers: {cache: {containers: {app: {image: {repository: registry.test/cache, tag: 1.2.3}}}}}
service: {cache: {ports: {cache: {port: 6379}}}}
secrets: {cache: {keys: [password], purpose: password}}
databases: {second: {image: {repository: registry.test/postgres, tag: 18.6-x}, size: 1Gi}}
""",
        annotations={"slipway.homelab/main": "cache"},
    )
    env = "controllers: {cache: {containers: {app: {env: {PASSWORD: {secret: cache, key: password}}}}}}"
    objects = render(env, chart=chart)

    assert objects.one("Service", "web-cache")
    assert objects.one("Deployment", "web-cache")
    assert objects.one("Cluster", "web-cache-second")
    assert objects.container()["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "web-cache"
