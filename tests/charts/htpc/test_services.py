"""What runs, where it listens, how it is seen to be well, and how it is reached; written down by hand."""

import re

import pytest

pytestmark = pytest.mark.helm

REPOSITORIES = {
    ("jellyfin", "app"): "ghcr.io/jellyfin/jellyfin",
    ("sonarr", "app"): "ghcr.io/home-operations/sonarr",
    ("radarr", "app"): "ghcr.io/home-operations/radarr",
    ("prowlarr", "app"): "ghcr.io/home-operations/prowlarr",
    ("qbittorrent", "gluetun"): "ghcr.io/qdm12/gluetun",
    ("qbittorrent", "seed"): "ghcr.io/home-operations/qbittorrent",
    ("qbittorrent", "app"): "ghcr.io/home-operations/qbittorrent",
    ("flaresolverr", "app"): "ghcr.io/flaresolverr/flaresolverr",
    ("autobrr", "app"): "ghcr.io/autobrr/autobrr",
    ("scraparr", "app"): "ghcr.io/thecfu/scraparr",
}
PINNED = re.compile(r"(?P<repository>[^:@]+):(?P<tag>[^:@]+)@(?P<digest>sha256:[0-9a-f]{64})")
PORTS = {
    "jellyfin": {"http": 8096},
    "sonarr": {"http": 8989},
    "radarr": {"http": 7878},
    "prowlarr": {"http": 9696},
    "qbittorrent": {"http": 8080},
    "flaresolverr": {"http": 8191, "metrics": 8192},
    "autobrr": {"http": 7474, "metrics": 9074},
    "scraparr": {"metrics": 7100},
}
LIVE = "/api/healthz/liveness"
PROBES = {
    # what startup, liveness and readiness ask: a path, or "tcp"
    "jellyfin": ("/health", "/health", "/health"),
    "sonarr": ("/ping", "/ping", "/ping"),
    "radarr": ("/ping", "/ping", "/ping"),
    "prowlarr": ("/ping", "/ping", "/ping"),
    "qbittorrent": ("tcp", "/", "/"),
    "flaresolverr": ("/health", "/health", "/health"),
    "autobrr": (LIVE, LIVE, "/api/healthz/readiness"),
    "scraparr": ("tcp", "/metrics", "/metrics"),
}
RESOURCES = {
    # requested processor and memory, memory limit
    "jellyfin": ("1", "1Gi", "4Gi"),
    "sonarr": ("75m", "200Mi", "600Mi"),
    "radarr": ("75m", "200Mi", "600Mi"),
    "prowlarr": ("100m", "200Mi", "512Mi"),
    "qbittorrent": ("100m", "256Mi", "1Gi"),
    "flaresolverr": ("200m", "1Gi", "2Gi"),
    "autobrr": ("25m", "64Mi", "256Mi"),
    "scraparr": ("100m", "128Mi", "256Mi"),
}
INTERNAL = ("sonarr", "radarr", "prowlarr", "qbittorrent", "autobrr")
LOCAL_ONLY = [{"name": "local-only", "namespace": "infra"}]


def asked(probe):
    """What a probe asks, as the table above has it."""
    return probe["httpGet"]["path"] if "httpGet" in probe else "tcp"


def test_every_image_comes_from_its_publisher_with_tag_and_digest(render):
    found = {
        (name, container["name"]): PINNED.fullmatch(container["image"])["repository"]
        for name, pod in render("htpc").pods.items()
        for container in pod.all
    }
    assert found == REPOSITORIES


@pytest.mark.parametrize("name", sorted(PORTS))
def test_the_chart_says_which_version_it_runs(render, repository, name):
    image = PINNED.fullmatch(render(name).pod(name).container("app")["image"])
    assert image["tag"].removeprefix("v") == repository.builder.workspace.charts[name].metadata["appVersion"]


def test_settings_are_seeded_by_the_image_that_reads_them(render):
    pod = render("qbittorrent").pod("qbittorrent")
    assert pod.container("seed")["image"] == pod.container("app")["image"]


@pytest.mark.parametrize("name", sorted(PORTS))
def test_a_service_offers_its_ports_under_its_own_name(render, name):
    spec = render("htpc").one("Service", name)["spec"]
    assert {port["name"]: port["port"] for port in spec["ports"]} == PORTS[name]
    assert spec["type"] == "ClusterIP"


@pytest.mark.parametrize("name", sorted(PROBES))
def test_probes_ask_what_the_application_answers(render, name):
    app = render(name).pod(name).container("app")
    assert tuple(asked(app[f"{kind}Probe"]) for kind in ("startup", "liveness", "readiness")) == PROBES[name]


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_service_requests_what_it_needs_and_limits_its_memory(render, name):
    resources = render(name).pod(name).container("app")["resources"]
    requests, limits = resources["requests"], resources["limits"]
    assert (requests["cpu"], requests["memory"], limits["memory"]) == RESOURCES[name]
    # A limit of the processor would throttle it while the node idles.
    assert "cpu" not in limits


@pytest.mark.parametrize("name", INTERNAL)
def test_all_but_the_media_server_are_for_the_home_network(render, name):
    (route,) = render("htpc").one("IngressRoute", name)["spec"]["routes"]
    assert route["match"] == f"Host(`{name}.homelab.example.org`)"
    assert route["middlewares"] == LOCAL_ONLY


def test_only_the_media_server_is_for_everybody_and_has_nothing_before_it(render):
    routes = {
        item.name: item.data["spec"]["routes"][0].get("middlewares", [])
        for item in render("htpc").of_kind("IngressRoute")
    }
    assert {name for name, middlewares in routes.items() if not middlewares} == {"jellyfin"}


def test_the_browser_and_the_exporter_have_no_route(render):
    assert {item.name for item in render("htpc").of_kind("IngressRoute")} == {*INTERNAL, "jellyfin"}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_start_page_leads_to_the_hosts_of_the_routes(render, environment):
    # The start page leaves out an IngressRoute that does not say its address.
    for item in render("htpc", environment).of_kind("IngressRoute"):
        annotations = item.data["metadata"]["annotations"]
        host = annotations["gethomepage.dev/href"].removeprefix("https://")
        assert item.data["spec"]["routes"][0]["match"].startswith(f"Host(`{host}`)")
        assert annotations["gethomepage.dev/enabled"] == "true"


def test_a_route_can_be_an_ingress_with_the_same_middlewares(render):
    ingress = render("sonarr", "ci/ingress-values.yaml").one("Ingress", "sonarr")
    annotations = ingress["metadata"]["annotations"]
    assert annotations["traefik.ingress.kubernetes.io/router.middlewares"] == "infra-local-only@kubernetescrd"
    assert ingress["spec"]["tls"] == [{"hosts": ["sonarr.homelab.example.org"], "secretName": "wildcard"}]


@pytest.mark.parametrize(("name", "port"), [("flaresolverr", "8192"), ("autobrr", "9074"), ("scraparr", "7100")])
def test_metrics_are_announced_on_the_service(render, name, port):
    annotations = render("htpc").one("Service", name)["metadata"]["annotations"]
    assert (annotations["prometheus.io/scrape"], annotations["prometheus.io/port"]) == ("true", port)


def test_metrics_can_be_announced_to_the_prometheus_operator(render):
    objects = render("autobrr", "ci/servicemonitor-values.yaml")
    monitor = objects.one("ServiceMonitor", "autobrr")
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    assert monitor["spec"]["endpoints"] == [
        {"port": "metrics", "path": "/metrics", "scheme": "http", "interval": "60s"}
    ]
    assert "prometheus.io/scrape" not in objects.one("Service", "autobrr")["metadata"]["annotations"]


@pytest.mark.parametrize("name", ["sonarr", "radarr", "prowlarr"])
def test_a_login_is_asked_for_wherever_one_comes_from(render, name):
    env, prefix = render(name).pod(name).env("app"), name.upper()
    assert (env[f"{prefix}__AUTH__METHOD"], env[f"{prefix}__AUTH__REQUIRED"]) == ("Forms", "Enabled")


@pytest.mark.parametrize("name", ["radarr", "prowlarr"])
def test_the_database_can_be_postgresql(render, name):
    objects = render(name, "ci/postgres-values.yaml")
    assert objects.pod(name).env("app")[f"{name.upper()}__POSTGRES__HOST"] == "media-rw"
    rules = objects.one("NetworkPolicy", name)["spec"]["egress"]
    (rule,) = [rule for rule in rules if rule["ports"] == [{"port": 5432, "protocol": "TCP"}]]
    assert rule["to"][0]["podSelector"]["matchLabels"] == {"cnpg.io/cluster": "media"}


def test_autobrr_listens_where_the_cluster_can_reach_it(render):
    env = render("autobrr").pod("autobrr").env("app")
    assert env["AUTOBRR__HOST"] == env["AUTOBRR__METRICS_HOST"] == "0.0.0.0"


def test_the_exporter_asks_every_service_at_its_own_address(render):
    objects = render("htpc")
    env = objects.pod("scraparr").env("app")
    for name in ("sonarr", "radarr", "prowlarr", "jellyfin"):
        (port,) = objects.one("Service", name)["spec"]["ports"]
        assert env[f"{name.upper()}_URL"] == f"http://{name}:{port['port']}"


def test_every_container_keeps_the_platforms_time(render):
    for name, pod in render("htpc", {"global": {"timezone": "Pacific/Auckland"}}).pods.items():
        for container in pod.all:
            if container["name"] != "seed":
                assert pod.env(container["name"])["TZ"] == "Pacific/Auckland", name


def test_every_root_is_read_only_but_two(render):
    writable = {
        (name, container["name"])
        for name, pod in render("htpc").pods.items()
        for container in pod.all
        if container["securityContext"]["readOnlyRootFilesystem"] is not True
    }
    assert writable == {("qbittorrent", "gluetun"), ("flaresolverr", "app")}
