"""Configuration files, and that a pod restarts when those that it reads change, and only then."""

import pytest
import yaml

pytestmark = pytest.mark.helm

VALUES = """
config:
  main:
    files:
      app.yaml: {zone: "{{ .Values.global.timezone }}", list: [1, 2]}
      app.ini: |
        [a]
        zone={{ .Values.global.timezone }}
      list.yaml: [a, b]
    mounts: {app: [{path: /etc/app}, {path: /etc/app.ini, file: app.ini}]}
    labels: {tier: media}
    annotations: {note: x}
  other:
    files: {x: one}
  gone:
    enabled: false
    files: {x: one}
    mounts: {app: [{path: /gone}]}
"""
CHECKSUM = "checksum/config"


def checksum(render, values):
    return render(values).pod()["metadata"].get("annotations", {}).get(CHECKSUM)


def test_text_may_name_values(render):
    assert render(VALUES).one("ConfigMap", "demo-main").at("data", "app.ini") == "[a]\nzone=Etc/UTC\n"


def test_maps_and_lists_become_yaml(render):
    data = render(VALUES).one("ConfigMap", "demo-main").at("data")

    assert yaml.safe_load(data["app.yaml"]) == {"zone": "Etc/UTC", "list": [1, 2]}
    assert yaml.safe_load(data["list.yaml"]) == ["a", "b"]


def test_an_entry_that_is_off_leaves_nothing(render):
    objects = render(VALUES)

    assert [item.name for item in objects.of("ConfigMap")] == ["demo-main", "demo-other"]
    assert [each["mountPath"] for each in objects.container()["volumeMounts"]] == ["/etc/app", "/etc/app.ini"]


def test_configuration_is_mounted_read_only(render):
    objects = render(VALUES)

    assert objects.container()["volumeMounts"] == [
        {"name": "config-main", "mountPath": "/etc/app", "readOnly": True},
        {"name": "config-main", "mountPath": "/etc/app.ini", "subPath": "app.ini", "readOnly": True},
    ]
    assert objects.pod_spec()["volumes"] == [{"name": "config-main", "configMap": {"name": "demo-main"}}]


def test_a_chart_may_want_it_otherwise(render):
    (mount,) = render("config: {main: {files: {a: b}, mounts: {app: [{path: /a, readOnly: false}]}}}").container()[
        "volumeMounts"
    ]

    assert "readOnly" not in mount


def test_labels_and_annotations_are_added(render):
    made = render(VALUES).one("ConfigMap", "demo-main")

    assert (made.labels["tier"], made.annotations["note"]) == ("media", "x")


def test_the_checksum_changes_with_a_file_that_is_mounted(render):
    assert checksum(render, VALUES) != checksum(render, VALUES.replace("[a, b]", "[a, c]"))


def test_the_checksum_changes_with_a_value_that_a_file_names(render):
    assert checksum(render, VALUES) != checksum(render, VALUES + "global: {timezone: Europe/Berlin}")


def test_the_checksum_ignores_what_is_not_read(render):
    assert checksum(render, VALUES) == checksum(render, VALUES.replace("{x: one}", "{x: two}"))


def test_the_checksum_ignores_labels(render):
    assert checksum(render, VALUES) == checksum(render, VALUES.replace("tier: media", "tier: other"))


@pytest.mark.parametrize("read", ["env: {A: {config: main, key: a}}", "envFrom: {all: {config: main}}"])
def test_a_variable_reads_too(render, read):
    values = f"controllers: {{demo: {{containers: {{app: {{{read}}}}}}}}}\nconfig: {{main: {{files: {{a: %s}}}}}}"

    assert checksum(render, values % "one") != checksum(render, values % "two")


def test_who_reads_nothing_has_no_checksum(render):
    assert checksum(render, "config: {main: {files: {a: b}}}") is None


def test_a_checksum_leaves_room_for_other_annotations(render):
    annotations = render(VALUES + "controllers: {demo: {pod: {annotations: {note: x}}}}").pod()["metadata"][
        "annotations"
    ]

    assert set(annotations) == {CHECKSUM, "note"}


def test_a_file_may_be_called_like_a_boolean(render):
    assert render("config: {main: {files: {'on': a, '1': b}}}").one("ConfigMap").at("data") == {"on": "a", "1": "b"}


def test_a_literal_file_keeps_its_braces(render):
    values = "config: {main: {literal: true, files: {rules: 'value {{ $value }}', map: {a: '{{ b }}'}}}}"
    data = render(values).one("ConfigMap").at("data")

    assert data["rules"] == "value {{ $value }}"
    assert yaml.safe_load(data["map"]) == {"a": "{{ b }}"}


def test_a_script_can_be_run(render):
    values = "config: {main: {defaultMode: 493, files: {run.sh: 'true'}, mounts: {app: [{path: /bin/own}]}}}"

    assert render(values).pod_spec()["volumes"] == [
        {"name": "config-main", "configMap": {"name": "demo-main", "defaultMode": 0o755}}
    ]


FOLDER = "config: {rules: {folder: files/rules, files: {c.yml: 'zone {{ .Values.global.timezone }}'}, mounts: {app: [{path: /r}]}}}"


def holding(charts, text="{{ $labels.job }}"):
    return charts.chart(files={"files/rules/a.yml": text, "files/rules/b.yml": "b", "files/other/x.yml": "x"})


def test_files_of_a_folder_are_taken_as_they_are_beside_those_in_values(render, charts):
    data = render(FOLDER, chart=holding(charts)).one("ConfigMap").at("data")

    assert data == {"a.yml": "{{ $labels.job }}", "b.yml": "b", "c.yml": "zone Etc/UTC"}


def test_a_value_wins_over_a_file_of_its_name(render, charts):
    values = "config: {rules: {folder: files/rules, files: {b.yml: mine}}}"

    assert render(values, chart=holding(charts)).one("ConfigMap").at("data", "b.yml") == "mine"


def test_the_checksum_changes_with_a_file_of_the_folder(render, charts):
    one, other = (render(FOLDER, chart=holding(charts, text)).pod() for text in ("one", "two"))

    assert one["metadata"]["annotations"][CHECKSUM] != other["metadata"]["annotations"][CHECKSUM]


def test_an_empty_folder_is_refused(refuse):
    message = refuse("config: {rules: {folder: files/rules}}")

    assert 'demo: config rules reads the folder "files/rules", which has no file' in message


def test_an_entry_without_any_file_is_refused(refuse):
    message = refuse("config: {rules: {literal: true}}")

    assert "demo: config rules has no file; add config.rules.files or config.rules.folder" in message


READ = "controllers: {demo: {containers: {app: {env: {RULE: {config: rules, key: KEY}}}}}}\n"


@pytest.mark.parametrize("key", ["a.yml", "c.yml"])
def test_a_variable_may_read_a_file_of_the_folder_or_of_the_values(render, charts, key):
    chart = charts.chart(files={"files/rules/a.yml": "one"})

    assert render(READ.replace("KEY", key) + FOLDER, chart=chart).container()["env"][0]["valueFrom"] == {
        "configMapKeyRef": {"name": "demo-rules", "key": key}
    }


def test_a_variable_that_reads_no_file_of_the_folder_is_refused(refuse, charts):
    chart = charts.chart(files={"files/rules/a.yml": "one"})
    values = READ.replace("KEY", "b.yml") + "config: {rules: {folder: files/rules}}"

    assert 'container app uses the file "b.yml" of the config "rules", which does not have it' in refuse(
        values, chart=chart
    )
