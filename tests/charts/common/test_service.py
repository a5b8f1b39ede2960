"""Services, and how they say that they can be scraped."""

import pytest

pytestmark = pytest.mark.helm

HTTP = "service: {demo: {ports: {http: {port: 8080}}}}\n"
METRICS = "service: {demo: {ports: {http: {port: 80}, metrics: {port: 9100}}}}\nmetrics: {demo: {port: metrics}}\n"


def test_a_service_ends_at_the_ports_name(render):
    spec = render(HTTP).one("Service").at("spec")

    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}]


def test_a_service_selects_the_pods_of_its_controller(render):
    objects = render(HTTP)

    assert objects.one("Service").at("spec", "selector") == objects.one("Deployment").at(
        "spec", "selector", "matchLabels"
    )
    assert objects.one("Service").labels["app.kubernetes.io/component"] == "demo"


def test_another_target_port_is_the_containers(render):
    objects = render("service: {demo: {ports: {http: {port: 80, targetPort: 8080}}}}")

    assert objects.one("Service").at("spec", "ports")[0]["targetPort"] == "http"
    assert objects.container()["ports"][0]["containerPort"] == 8080


def test_a_target_port_may_be_a_name_that_the_container_gave(render):
    values = """
controllers: {demo: {containers: {app: {ports: {web: {port: 3000}}}}}}
service: {demo: {ports: {http: {port: 80, targetPort: web}}}}
"""
    objects = render(values)

    assert objects.one("Service").at("spec", "ports")[0]["targetPort"] == "web"
    assert [port["name"] for port in objects.container()["ports"]] == ["web"]


def test_every_field_of_a_service_reaches_it(render):
    values = """
service:
  demo:
    type: LoadBalancer
    loadBalancerIP: 192.168.1.250
    loadBalancerClass: metallb
    externalTrafficPolicy: Local
    internalTrafficPolicy: Local
    ipFamilyPolicy: SingleStack
    sessionAffinity: ClientIP
    publishNotReadyAddresses: true
    labels: {tier: edge}
    annotations: {zone: "{{ .Values.global.timezone }}"}
    ports: {dns: {port: 53, protocol: UDP, appProtocol: dns, nodePort: 30053}}
"""
    service = render(values).one("Service")
    spec = service.at("spec")

    assert (spec["type"], spec["loadBalancerIP"], spec["loadBalancerClass"]) == (
        "LoadBalancer",
        "192.168.1.250",
        "metallb",
    )
    assert (spec["externalTrafficPolicy"], spec["internalTrafficPolicy"]) == ("Local", "Local")
    assert (spec["ipFamilyPolicy"], spec["sessionAffinity"]) == ("SingleStack", "ClientIP")
    assert spec["publishNotReadyAddresses"] is True
    assert spec["ports"] == [
        {"name": "dns", "port": 53, "targetPort": "dns", "protocol": "UDP", "appProtocol": "dns", "nodePort": 30053}
    ]
    assert (service.labels["tier"], service.annotations["zone"]) == ("edge", "Etc/UTC")


def test_a_headless_service_has_no_address(render):
    assert (
        render("service: {demo: {clusterIP: None, ports: {http: {port: 80}}}}").one("Service").at("spec", "clusterIP")
        == "None"
    )


def test_a_service_that_is_off_leaves_neither_object_nor_port(render):
    objects = render("service: {demo: {enabled: false, ports: {http: {port: 80}}}}")

    assert objects.of("Service") == []
    assert "ports" not in objects.container()


NAMED = """
service: {demo: {name: old-name, ports: {http: {port: 80}}}}
route: {demo: {host: demo.example.org, access: internal}}
"""


def test_a_service_may_have_the_name_that_a_program_looks_for(render):
    objects = render(NAMED)

    assert objects.one("Service").name == "old-name"
    (rule,) = objects.one("IngressRoute").at("spec", "routes")
    assert rule["services"][0]["name"] == "old-name"


def test_the_named_service_of_a_statefulset_is_its_own(render):
    values = "controllers: {demo: {type: StatefulSet, serviceName: demo}}\n" + NAMED

    assert render(values).one("StatefulSet").at("spec", "serviceName") == "old-name"


TWO = "controllers: {worker: {containers: {app: {image: {repository: x, tag: '1'}}}}}\n"


def test_with_several_controllers_a_service_says_whose_it_is(refuse):
    assert "demo: service demo has no `controller`, and the chart has 2 of them; set it" in refuse(TWO + HTTP)


def test_a_service_of_a_named_controller_is_of_that_alone(render):
    objects = render(TWO + "service: {demo: {controller: worker, ports: {http: {port: 80}}}}")

    assert objects.one("Service").at("spec", "selector")["app.kubernetes.io/component"] == "worker"
    assert "ports" not in objects.one("Deployment", "demo").at("spec", "template", "spec")["containers"][0]


def test_a_controller_that_is_off_does_not_count(render):
    values = "controllers: {worker: {enabled: false, containers: {app: {image: {repository: x, tag: '1'}}}}}\n"

    assert render(values + HTTP).one("Service").at("spec", "selector")["app.kubernetes.io/component"] == "demo"


def test_metrics_are_announced_on_the_service(render):
    annotations = render(METRICS).one("Service").annotations

    assert {key: value for key, value in annotations.items() if key.startswith("prometheus.io/")} == {
        "prometheus.io/scrape": "true",
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": "9100",
        "prometheus.io/scheme": "http",
    }


def test_path_and_scheme_of_metrics_can_be_said(render):
    annotations = (
        render(METRICS.replace("port: metrics}}", "port: metrics, path: /m, scheme: https}}"))
        .one("Service")
        .annotations
    )

    assert (annotations["prometheus.io/path"], annotations["prometheus.io/scheme"]) == ("/m", "https")


def test_metrics_that_are_off_are_not_announced(render):
    annotations = (
        render(METRICS.replace("port: metrics}}", "port: metrics, enabled: false}}")).one("Service").annotations
    )

    assert set(annotations) == {"argocd.argoproj.io/sync-wave"}


@pytest.mark.parametrize(
    "where", ["metrics: {demo: {kind: ServiceMonitor}}", "global: {metrics: {kind: ServiceMonitor}}"]
)
def test_metrics_can_be_announced_to_the_prometheus_operator(render, where):
    values = (
        METRICS + where
        if where.startswith("global")
        else METRICS.replace("port: metrics}}", "port: metrics, kind: ServiceMonitor}}")
    )
    objects = render(values)

    assert objects.one("ServiceMonitor").at("spec") == {
        "selector": {"matchLabels": objects.one("Service").at("spec", "selector")},
        "endpoints": [{"port": "metrics", "path": "/metrics", "scheme": "http", "interval": "60s"}],
    }
    assert set(objects.one("Service").annotations) == {"argocd.argoproj.io/sync-wave"}


def test_the_operator_finds_a_monitor_by_the_platforms_labels(render):
    more = "global: {metrics: {kind: ServiceMonitor, labels: {release: kube-prometheus-stack}}}"

    assert render(METRICS + more).one("ServiceMonitor").labels["release"] == "kube-prometheus-stack"


def test_how_often_metrics_are_read_can_be_said(render):
    values = METRICS.replace("port: metrics}}", "port: metrics, kind: ServiceMonitor, interval: 5m}}")

    assert render(values).one("ServiceMonitor").at("spec", "endpoints")[0]["interval"] == "5m"


def test_the_services_own_labels_are_those_that_the_monitor_selects(render):
    objects = render(METRICS + "global: {metrics: {kind: ServiceMonitor}}")
    wanted = objects.one("ServiceMonitor").at("spec", "selector", "matchLabels")

    assert wanted.items() <= objects.one("Service").labels.items()


def test_with_several_services_metrics_say_which(refuse):
    values = "service: {demo: {ports: {http: {port: 80}}}, more: {ports: {http: {port: 81, targetPort: 80}}}}\nmetrics: {demo: {port: http}}"

    assert "demo: metrics demo has no `service`, and the chart has 2 of them; set it" in refuse(values)


def test_a_service_of_a_controller_that_does_not_exist_is_refused(refuse):
    values = "service: {demo: {controller: wrker, ports: {http: {port: 80}}}}"

    assert (
        'demo: service.demo belongs to the controller "wrker", which does not exist; set service.demo.controller to one of: demo'
        in refuse(values)
    )


def test_metrics_at_a_port_that_does_not_exist_are_refused(refuse):
    assert (
        'demo: metrics demo targets the port "metric", which service demo does not have; '
        "set metrics.demo.port to one of: http, metrics" in refuse(METRICS.replace("port: metrics}}", "port: metric}}"))
    )


def test_a_sidecars_port_is_made_when_a_service_names_it(render):
    values = """
controllers:
  demo:
    sidecars: {proxy: {image: {repository: x, tag: "1"}, probes: {startup: {tcp: true, port: web}}}}
service: {demo: {ports: {web: {port: 80, container: proxy}}}}
"""
    objects = render(values)

    assert objects.container("proxy")["ports"] == [{"name": "web", "containerPort": 80, "protocol": "TCP"}]
    assert "ports" not in objects.container("app")
