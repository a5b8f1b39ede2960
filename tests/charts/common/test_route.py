"""How a service is reached from outside: Traefik's IngressRoute, or an Ingress by value."""

import pytest

pytestmark = pytest.mark.helm

WEB = """
service: {demo: {ports: {http: {port: 8080}, metrics: {port: 9100}}}}
route:
  demo:
    host: "demo.{{ .Values.global.domain }}"
    port: http
"""
INGRESS = WEB + "    kind: Ingress\n"


def rule(render, values=WEB):
    (found,) = render(values).one("IngressRoute").at("spec", "routes")
    return found


def test_a_route_leads_from_its_host_to_the_service(render):
    assert rule(render) == {
        "kind": "Rule",
        "match": "Host(`demo.homelab.example.org`)",
        "middlewares": [{"name": "local-only", "namespace": "infra"}],
        "services": [{"kind": "Service", "name": "demo", "port": "http"}],
    }


def test_the_domain_is_a_fact_of_the_platform(render):
    assert rule(render, WEB + "global: {domain: home.test}")["match"] == "Host(`demo.home.test`)"


def test_the_entry_point_is_a_fact_of_the_platform(render):
    assert render(WEB).one("IngressRoute").at("spec", "entryPoints") == ["websecure"]
    other = WEB + "global: {route: {entryPoint: secure}}"
    assert render(other).one("IngressRoute").at("spec", "entryPoints") == ["secure"]


def test_a_route_names_the_class_that_traefik_looks_for(render):
    assert render(WEB).one("IngressRoute").at("spec", "ingressClassName") == "traefik"
    other = WEB + "global: {route: {ingressClass: inner}}"
    assert render(other).one("IngressRoute").at("spec", "ingressClassName") == "inner"


def test_without_a_port_it_is_the_first_by_name(render):
    assert rule(render, WEB.replace("    port: http\n", ""))["services"][0]["port"] == "http"


def test_a_route_is_for_the_home_network_unless_it_says_otherwise(render):
    assert rule(render)["middlewares"] == [{"name": "local-only", "namespace": "infra"}]


def test_an_external_route_has_the_external_middlewares(render):
    external = WEB + "    access: external\n"

    assert "middlewares" not in rule(render, external)
    more = external + "global: {route: {externalMiddlewares: [{name: crowdsec, namespace: infra}]}}"
    assert rule(render, more)["middlewares"] == [{"name": "crowdsec", "namespace": "infra"}]


TARGET = "global: {route: {externalTarget: home.example.net}}"


@pytest.mark.parametrize("kind", ["IngressRoute", "Ingress"])
def test_public_dns_is_told_of_external_routes_only(render, kind):
    answer = {
        access: render(f"{WEB}    access: {access}\n    kind: {kind}\n" + TARGET).one(kind).annotations
        for access in ("internal", "external")
    }

    assert "external-dns.kubernetes.io/target" not in answer["internal"]
    assert answer["external"]["external-dns.kubernetes.io/target"] == "home.example.net"
    silent = render(f"{WEB}    access: external\n    kind: {kind}\n").one(kind).annotations
    assert "external-dns.kubernetes.io/target" not in silent


def test_its_own_middlewares_come_after_the_shared(render):
    found = rule(render, WEB + "    middlewares: [{name: mine}]\n")["middlewares"]

    assert found == [{"name": "local-only", "namespace": "infra"}, {"name": "mine"}]


def test_a_route_may_be_a_part_of_a_host(render):
    assert rule(render, WEB + "    path: /api\n")["match"] == "Host(`demo.homelab.example.org`) && PathPrefix(`/api`)"


def test_the_whole_host_needs_no_path(render):
    assert rule(render, WEB + "    path: /\n")["match"] == "Host(`demo.homelab.example.org`)"


def test_blocked_paths_are_blocked_in_any_case_of_their_letters(render):
    found = rule(render, WEB + "    blockPaths: [/metrics, /a.b]\n")["match"]

    assert found == (r"Host(`demo.homelab.example.org`) && !PathRegexp(`(?i)^/metrics`) && !PathRegexp(`(?i)^/a\.b`)")


def test_without_a_certificate_the_ingress_controllers_own_is_taken(render):
    assert render(WEB).one("IngressRoute").at("spec", "tls") == {}


def test_the_wildcard_certificate_is_a_fact_of_the_platform(render):
    values = WEB + "global: {tls: {secretName: wildcard}}"

    assert render(values).one("IngressRoute").at("spec", "tls") == {"secretName": "wildcard"}


def test_a_route_may_have_a_certificate_of_its_own(render):
    values = WEB + "    tls: {secretName: mine}\nglobal: {tls: {secretName: wildcard}}"

    assert render(values).one("IngressRoute").at("spec", "tls") == {"secretName": "mine"}


def test_labels_and_annotations_are_added(render):
    made = render(WEB + "    labels: {tier: edge}\n    annotations: {zone: '{{ .Values.global.timezone }}'}\n")

    assert made.one("IngressRoute").labels["tier"] == "edge"
    assert made.one("IngressRoute").annotations["zone"] == "Etc/UTC"


def test_a_route_that_is_off_leaves_nothing(render):
    assert render(WEB + "    enabled: false\n").of("IngressRoute") == []


def test_the_same_route_can_be_an_ingress(render):
    ingress = render(INGRESS).one("Ingress")

    assert ingress.at("spec") == {
        "ingressClassName": "traefik",
        "rules": [
            {
                "host": "demo.homelab.example.org",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "demo", "port": {"name": "http"}}},
                        }
                    ]
                },
            }
        ],
        "tls": [{"hosts": ["demo.homelab.example.org"]}],
    }


def test_the_kind_of_routes_is_a_fact_of_the_platform(render):
    objects = render(WEB + "global: {route: {kind: Ingress, ingressClass: nginx}}")

    assert objects.of("IngressRoute") == []
    assert objects.one("Ingress").at("spec", "ingressClassName") == "nginx"


def test_an_ingress_has_the_same_entry_point_and_middlewares(render):
    annotations = render(INGRESS + "    middlewares: [{name: mine}]\n").one("Ingress").annotations

    assert annotations["traefik.ingress.kubernetes.io/router.entrypoints"] == "websecure"
    assert annotations["traefik.ingress.kubernetes.io/router.middlewares"] == (
        "infra-local-only@kubernetescrd,apps-mine@kubernetescrd"
    )


def test_an_ingress_has_the_same_certificate_and_path(render):
    spec = render(INGRESS + "    path: /api\nglobal: {tls: {secretName: wildcard}}").one("Ingress").at("spec")

    assert spec["tls"] == [{"hosts": ["demo.homelab.example.org"], "secretName": "wildcard"}]
    assert spec["rules"][0]["http"]["paths"][0]["path"] == "/api"


DASHBOARD = """dashboard:
  name: Demo
  icon: demo.svg
  group: Media
  description: A demonstration
  href: "https://demo.{{ .Values.global.domain }}"
  widget: {type: demo, secrets: {key: DEMO_KEY}, options: {version: 2, fields: [a, b], chart: true}}
"""


@pytest.mark.parametrize(("values", "kind"), [(WEB, "IngressRoute"), (INGRESS, "Ingress")])
def test_the_start_page_finds_the_service_at_its_route(render, values, kind):
    annotations = render(values + DASHBOARD).one(kind).annotations

    assert {key.removeprefix("gethomepage.dev/"): value for key, value in annotations.items() if "homepage" in key} == {
        "enabled": "true",
        "app": "demo",
        "name": "Demo",
        "icon": "demo.svg",
        "group": "Media",
        "description": "A demonstration",
        "href": "https://demo.homelab.example.org",
        "widget.type": "demo",
        # The Service behind the route; the key is a name that the start page fills in.
        "widget.url": "http://demo.apps.svc:8080",
        "widget.key": "{{HOMEPAGE_VAR_DEMO_KEY}}",
        "widget.version": "2",
        "widget.fields": '["a","b"]',
        "widget.chart": "true",
    }


def test_a_widget_may_ask_elsewhere(render):
    values = WEB + DASHBOARD.replace("type: demo,", 'type: demo, url: "http://{{ .Release.Name }}.test",')

    assert render(values).one("IngressRoute").annotations["gethomepage.dev/widget.url"] == "http://home.test"


def test_a_service_that_the_start_page_leaves_out_says_why(render, refuse):
    made = render(WEB + "dashboard: {optOut: Nobody looks at it}").one("IngressRoute")

    assert not [key for key in made.annotations if "homepage" in key]
    assert "dashboard" in refuse(WEB + "dashboard: {icon: demo.svg}")


def test_a_key_of_a_widget_is_named_like_a_variable(refuse):
    assert "does not match pattern" in refuse(WEB + DASHBOARD.replace("DEMO_KEY", "demo-key"))


def test_a_route_that_the_vocabulary_cannot_say_is_on_the_start_page_too(render):
    values = """
extraObjects:
  page:
    apiVersion: traefik.io/v1alpha1
    kind: IngressRoute
    metadata: {name: page, namespace: "{{ .Release.Namespace }}", annotations: {zone: a}}
    spec: {routes: [{kind: Rule, match: "Host(`page.test`)", services: [{kind: TraefikService, name: api@internal}]}]}
"""
    annotations = render(values + DASHBOARD).one("IngressRoute").annotations

    assert annotations["zone"] == "a"
    assert annotations["gethomepage.dev/href"] == "https://demo.homelab.example.org"
    # A chart with a route of the vocabulary shows that one.
    objects = render(values + WEB + DASHBOARD)
    assert [item.name for item in objects.of("IngressRoute") if "gethomepage.dev/name" in item.annotations] == ["demo"]


def test_the_start_page_links_to_the_routes_host(render):
    values = WEB + DASHBOARD.replace('  href: "https://demo.{{ .Values.global.domain }}"\n', "")

    assert render(values).one("IngressRoute").annotations["gethomepage.dev/href"] == "https://demo.homelab.example.org"


def test_the_start_page_may_link_elsewhere(render):
    values = WEB + DASHBOARD.replace("https://demo.", "https://demo.pages.")

    assert render(values).one("IngressRoute").annotations["gethomepage.dev/href"].startswith("https://demo.pages.")


def test_the_start_page_shows_a_service_once(render):
    objects = render(
        WEB
        + "  another: {host: another.test, port: http}\n  earlier: {enabled: false, host: e.test, port: http}\n"
        + DASHBOARD
    )
    shown = [item.name for item in objects.of("IngressRoute") if "gethomepage.dev/enabled" in item.annotations]

    assert shown == ["demo-another"]


def test_a_route_that_is_off_is_not_the_first(render):
    objects = render(WEB + "  another: {enabled: false, host: another.test, port: http}\n" + DASHBOARD)

    assert "gethomepage.dev/enabled" in objects.one("IngressRoute").annotations


def test_a_route_to_a_port_that_does_not_exist_is_refused(refuse):
    assert (
        'demo: route demo targets the port "htp", which service demo does not have; '
        "set route.demo.port to one of: http" in refuse(WEB.replace("port: http\n", "port: htp\n"))
    )


def test_a_route_to_a_service_that_does_not_exist_is_refused(refuse):
    assert (
        'demo: route demo targets the service "dmo", which does not exist or is disabled; '
        "set route.demo.service, or route.demo.enabled to false" in refuse(WEB + "    service: dmo\n")
    )


def test_with_several_services_a_route_says_which(refuse):
    values = WEB.replace("service: {", "service: {more: {ports: {http: {port: 81, targetPort: 8080}}}, ")

    assert "demo: route demo has no `service`, and the chart has 2 of them; set it" in refuse(values)


def test_a_route_to_one_of_several_services_names_it(render):
    values = (
        WEB.replace("service: {", "service: {more: {ports: {http: {port: 81, targetPort: 8080}}}, ")
        + "    service: more\n"
    )

    assert rule(render, values)["services"][0]["name"] == "demo-more"


def test_an_ingress_that_blocks_paths_is_refused(refuse):
    assert (
        "demo: route demo has blockPaths, which an Ingress cannot do; "
        "set route.demo.kind to IngressRoute, or remove route.demo.blockPaths"
        in refuse(INGRESS + "    blockPaths: [/metrics]\n")
    )


@pytest.mark.parametrize("path", ["metrics", ""])
def test_a_path_that_does_not_start_at_the_root_is_refused(refuse, path):
    assert "/route/demo" in refuse(WEB + f"    blockPaths: ['{path}']\n")


def probe(render, values=WEB):
    """The annotations by which Prometheus finds what to probe."""
    found = render(values).one("Service").annotations
    return {key.removeprefix("prometheus.io/"): value for key, value in found.items() if "probe" in key}


def test_a_route_is_probed_by_its_host_at_its_path(render):
    assert probe(render) == {"probe": "true", "probe-host": "demo.homelab.example.org", "probe-path": "/"}
    assert probe(render, WEB + "    path: /app\n")["probe-path"] == "/app"
    assert probe(render, WEB + "    path: /app\n    probe: {path: /app/ready}\n")["probe-path"] == "/app/ready"


def test_a_service_without_a_route_and_a_route_that_is_not_to_be_probed_have_no_probe(render):
    assert probe(render, WEB + "    probe: {enabled: false}\n") == {}
    assert probe(render, WEB + "    enabled: false\n") == {}
    assert probe(render, WEB.partition("route:")[0]) == {}


def test_of_several_routes_of_a_service_the_first_by_name_is_probed(render):
    assert probe(render, WEB + "  api: {host: api.example.org, port: http}\n")["probe-host"] == "api.example.org"


def test_a_prometheus_operator_gets_no_annotations(render):
    assert probe(render, WEB + "global: {metrics: {kind: ServiceMonitor}}") == {}


SSO = "global: {sso: {enabled: true}}"
LOCAL, SIGN_IN = {"name": "local-only", "namespace": "infra"}, {"name": "authelia", "namespace": "infra"}


@pytest.mark.parametrize(
    ("auth", "sso", "expected"),
    [
        ("forward", SSO, [LOCAL, SIGN_IN, {"name": "mine"}]),
        ("forward", "", [LOCAL, {"name": "mine"}]),
        ("none", SSO, [LOCAL, {"name": "mine"}]),
    ],
)
def test_a_sign_in_comes_after_the_addresses_and_before_its_own_middlewares(render, auth, sso, expected):
    values = f"{WEB}    auth: {auth}\n    middlewares: [{{name: mine}}]\n{sso}"

    assert rule(render, values)["middlewares"] == expected


def test_a_route_asks_for_no_sign_in_unless_it_says_so(render):
    assert rule(render, WEB + SSO)["middlewares"] == [LOCAL]


def test_an_ingress_asks_for_the_same_sign_in(render):
    annotations = render(f"{INGRESS}    auth: forward\n{SSO}").one("Ingress").annotations

    expected = "infra-local-only@kubernetescrd,infra-authelia@kubernetescrd"
    assert annotations["traefik.ingress.kubernetes.io/router.middlewares"] == expected


def test_the_middleware_of_another_provider_takes_its_place(render):
    other = "global: {sso: {enabled: true, middleware: {name: forward-auth}}}"

    found = rule(render, f"{WEB}    auth: forward\n{other}")["middlewares"]
    assert found == [LOCAL, {"name": "forward-auth", "namespace": "infra"}]


TRAEFIK = """
route:
  demo: {host: demo.test, service: api@internal, auth: forward}
"""


def test_a_route_leads_to_a_service_of_traefik(render):
    assert rule(render, TRAEFIK + SSO) == {
        "kind": "Rule",
        "match": "Host(`demo.test`)",
        "middlewares": [LOCAL, SIGN_IN],
        "services": [{"kind": "TraefikService", "name": "api@internal"}],
    }


def test_an_ingress_cannot_lead_to_a_service_of_traefik(refuse):
    said = refuse(TRAEFIK + "global: {route: {kind: Ingress}}")

    assert "demo: route demo targets api@internal, a service of Traefik, which an Ingress cannot do; " in said
    assert "set route.demo.kind to IngressRoute" in said


TUNNEL = "global: {tunnel: {enabled: true}}\n"


def entry_points(render, values):
    return render(values).one("IngressRoute").at("spec", "entryPoints")


def test_the_tunnel_enters_by_an_entry_point_that_only_external_routes_have(render):
    external = WEB + "    access: external\n"

    assert entry_points(render, external + TUNNEL) == ["websecure", "tunnel"]
    assert entry_points(render, external) == ["websecure"]
    assert entry_points(render, WEB + TUNNEL) == ["websecure"]


def test_an_ingress_enters_by_the_same_entry_points(render):
    annotation = "traefik.ingress.kubernetes.io/router.entrypoints"
    external = INGRESS + "    access: external\n"

    assert render(external + TUNNEL).one("Ingress").annotations[annotation] == "websecure,tunnel"
    assert render(INGRESS + TUNNEL).one("Ingress").annotations[annotation] == "websecure"
