"""Services with one library below an umbrella: each keeps to itself, and shares the platform's facts."""

import pytest

pytestmark = pytest.mark.helm

MEMBER = """
controllers:
  {name}:
    containers:
      app: {{image: {{repository: registry.test/{name}, tag: "1"}}, env: {{TZ: "{{{{ .Values.global.timezone }}}}"}}}}
service: {{{name}: {{ports: {{http: {{port: 80}}}}}}}}
persistence: {{config: {{size: 1Gi, accessMode: ReadWriteMany, mounts: {{app: [{{path: /config}}]}}}}}}
"""
MEMBERS = {name: MEMBER.format(name=name) for name in ("alpha", "beta")}


@pytest.fixture
def umbrella(charts):
    """A namespace of two services."""
    return charts.chart("house", values="{}", members=MEMBERS)


def test_every_member_is_rendered_under_its_own_name(render, umbrella):
    objects = render(chart=umbrella, release="house", namespace="house")

    assert [item.name for item in objects.of("Deployment")] == ["alpha", "beta"]
    assert {item.labels["app.kubernetes.io/name"] for item in objects} == {"alpha", "beta"}
    assert {item.labels["app.kubernetes.io/instance"] for item in objects} == {"house"}


def test_the_platforms_facts_reach_every_member(render, umbrella):
    objects = render("global: {timezone: Europe/Berlin, storage: {class: fast}}", chart=umbrella)

    for item in objects.of("Deployment"):
        (container,) = item.at("spec", "template", "spec", "containers")
        assert container["env"] == [{"name": "TZ", "value": "Europe/Berlin"}]
    assert {item.at("spec", "storageClassName") for item in objects.of("PersistentVolumeClaim")} == {"fast"}


def test_a_fact_that_the_platform_leaves_out_keeps_the_librarys_default(render, umbrella):
    objects = render("global: {user: {uid: 568}}", chart=umbrella)

    for item in objects.of("Deployment"):
        context = item.at("spec", "template", "spec", "securityContext")
        assert (context["runAsUser"], context["runAsGroup"]) == (568, 1000)


def test_a_member_can_be_switched_off(render, umbrella):
    objects = render("alpha: {enabled: false}", chart=umbrella)

    assert {item.labels["app.kubernetes.io/name"] for item in objects} == {"beta"}


def test_a_value_of_one_member_does_not_reach_the_other(render, umbrella):
    before, after = render(chart=umbrella), render("alpha: {controllers: {alpha: {replicas: 2}}}", chart=umbrella)

    assert after.one("Deployment", "alpha").at("spec", "replicas") == 2
    assert after.one("Deployment", "beta") == before.one("Deployment", "beta")


def test_a_member_renders_as_it_does_alone(charts, render, umbrella):
    alone = render(chart=charts.chart("alpha", values=MEMBERS["alpha"]))
    member = [item for item in render(chart=umbrella) if item.labels["app.kubernetes.io/name"] == "alpha"]

    assert {item.identity: item.data for item in alone} == {item.identity: item.data for item in member}


def test_a_key_of_no_member_is_refused(refuse, umbrella):
    assert "additional properties 'gamma' not allowed" in refuse("gamma: {enabled: false}", chart=umbrella)


def test_a_key_that_a_member_does_not_know_is_refused(refuse, umbrella):
    assert "additional properties 'replica' not allowed" in refuse(
        "alpha: {controllers: {alpha: {replica: 2}}}", chart=umbrella
    )


def test_a_fact_that_nobody_knows_is_refused(refuse, umbrella):
    assert "additional properties 'timezon' not allowed" in refuse("global: {timezon: Etc/UTC}", chart=umbrella)


def test_a_rule_of_a_member_names_the_member(refuse, umbrella):
    assert "alpha: controller alpha is a CronJob without a schedule" in refuse(
        "alpha: {controllers: {alpha: {type: CronJob}}}", chart=umbrella
    )
