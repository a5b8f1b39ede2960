"""Whom the API server asks before it takes an object."""

import pytest

pytestmark = pytest.mark.helm

REACHED = "network: {ingress: {kube-apiserver: {from: {peer: kube-apiserver}, ports: [hook]}}}\n"
SERVICE = "service: {demo: {ports: {hook: {port: 443, targetPort: 9000}, metrics: {port: 9100}}}}\n"
WEBHOOK = """
webhooks:
  judge:
    type: validating
    service: demo
    apiGroups: [demo.test]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    hooks:
      one.demo.test: {path: /one, resources: [ones]}
      two.demo.test: {path: /two, resources: [twos], operations: [DELETE], failurePolicy: Ignore}
"""
KIND = "ValidatingWebhookConfiguration"


def hooks(objects, kind=KIND):
    return {hook["name"]: hook for hook in objects.one(kind).at("webhooks")}


def test_a_hook_says_what_the_configuration_says_unless_it_says_otherwise(render):
    one, two = hooks(render(REACHED + SERVICE + WEBHOOK)).values()

    assert one["rules"] == [
        {"apiGroups": ["demo.test"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["ones"]}
    ]
    assert (two["rules"][0]["operations"], two["rules"][0]["apiGroups"]) == (["DELETE"], ["demo.test"])
    assert (one["failurePolicy"], two["failurePolicy"]) == ("Fail", "Ignore")


def test_a_hook_ends_at_the_service_of_its_release(render):
    values = REACHED + SERVICE.replace("demo: {", "demo: {name: old-name, ") + WEBHOOK

    assert hooks(render(values, namespace="apps"))["one.demo.test"]["clientConfig"] == {
        "service": {"name": "old-name", "namespace": "apps", "path": "/one"}
    }


def test_another_port_than_443_is_said(render):
    values = (
        REACHED + SERVICE.replace("443", "8443") + WEBHOOK.replace("service: demo", "service: demo\n    port: hook")
    )

    assert hooks(render(values))["one.demo.test"]["clientConfig"]["service"]["port"] == 8443


def test_what_is_left_out_is_the_safe_choice_or_kubernetes_own(render):
    hook = hooks(render(REACHED + SERVICE + WEBHOOK))["one.demo.test"]

    assert (hook["sideEffects"], hook["admissionReviewVersions"]) == ("None", ["v1"])
    assert not {"matchPolicy", "timeoutSeconds", "namespaceSelector", "objectSelector"} & set(hook)


def test_two_releases_do_not_share_the_name_of_a_configuration(render):
    names = {render(REACHED + SERVICE + WEBHOOK, release=release).one(KIND).name for release in ("home", "away")}

    assert names == {"home-demo-judge", "away-demo-judge"}


def test_it_may_have_the_name_that_a_program_looks_for_and_is_of_no_namespace(render):
    made = render(REACHED + SERVICE + WEBHOOK.replace("type:", "name: old-name\n    type:")).one(KIND)

    assert (made.name, made.namespace) == ("old-name", "")


def test_it_is_there_before_the_program_that_writes_into_it_unless_a_wave_is_said(render):
    waves = [
        render(REACHED + SERVICE + WEBHOOK.replace("type:", f"{line}type:")).one(KIND).annotations
        for line in ("", "wave: 10\n    ", "wave: 0\n    ")
    ]

    assert [each["argocd.argoproj.io/sync-wave"] for each in waves] == ["-20", "10", "0"]


@pytest.mark.parametrize(
    ("source", "annotation"),
    [
        ("secret: authority", "cert-manager.io/inject-ca-from-secret"),
        ("certificate: authority", "cert-manager.io/inject-ca-from"),
    ],
)
def test_cert_manager_is_told_where_the_authority_is(render, source, annotation):
    values = REACHED + SERVICE + WEBHOOK.replace("type:", f"caFrom: {{{source}}}\n    type:")
    annotations = render(values, namespace="apps").one(KIND).annotations

    assert {key: value for key, value in annotations.items() if key.startswith("cert-manager.io/")} == {
        annotation: "apps/authority"
    }


def test_objects_may_be_changed_too(render):
    assert set(
        hooks(render(REACHED + SERVICE + WEBHOOK.replace("validating", "mutating")), "MutatingWebhookConfiguration")
    ) == {"one.demo.test", "two.demo.test"}


def test_a_hook_can_be_switched_off(render):
    values = REACHED + SERVICE + WEBHOOK.replace("{path: /one,", "{enabled: false, path: /one,")

    assert set(hooks(render(values))) == {"two.demo.test"}


def test_a_service_that_does_not_exist_is_refused(refuse):
    assert (
        'demo: webhook judge targets the service "demo", which does not exist or is disabled; '
        "set webhooks.judge.service" in refuse(WEBHOOK)
    )


def test_a_service_without_the_usual_port_is_refused(refuse):
    assert (
        "demo: webhook judge names no port, and service demo has no port 443; set webhooks.judge.port to one of: hook, metrics"
        in refuse(REACHED + SERVICE.replace("443", "8443") + WEBHOOK)
    )


@pytest.mark.parametrize(("key", "line"), [("path", "path: /one, "), ("apiVersions", "    apiVersions: [v1]\n")])
def test_a_hook_that_asks_about_nothing_is_refused(refuse, key, line):
    assert (
        f"demo: hook one.demo.test of webhook judge has no {key}; set webhooks.judge.{key}, or webhooks.judge.hooks.one.demo.test.{key}"
        in refuse(REACHED + SERVICE + WEBHOOK.replace(line, "", 1))
    )


def test_a_webhook_that_the_api_server_cannot_reach_is_refused(refuse):
    assert (
        "demo: webhook judge is served by the controller demo, which the API server cannot reach; "
        "add network.ingress.kube-apiserver" in refuse(SERVICE + WEBHOOK)
    )


def test_without_policies_everybody_can_reach_it(render):
    assert render("network: {enabled: false}\n" + SERVICE + WEBHOOK).one(KIND)


@pytest.mark.parametrize("name", ["demo.test", "One.demo.test", "one.demo."])
def test_a_hook_needs_a_full_name(refuse, name):
    assert f"'{name}' does not match pattern" in refuse(REACHED + SERVICE + WEBHOOK.replace("one.demo.test", name))
