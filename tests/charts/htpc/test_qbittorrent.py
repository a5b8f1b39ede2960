"""Nothing of qbittorrent leaves before the tunnel is up, or beside it: order, kill switch, policy, names and binding."""

import configparser
import ipaddress
from pathlib import Path

import pytest

from slipway.tools.run import Command, run_process

pytestmark = pytest.mark.helm

VALUES = ["its own values", "ci/openvpn-values.yaml", "ci/provider-values.yaml"]
PROTON = ipaddress.ip_network("10.2.0.0/16")
"""Addresses inside Proton's tunnel; its gateway 10.2.0.1 gives out the forwarded port."""


@pytest.fixture(params=VALUES)
def objects(render, request):
    """The chart with WireGuard, with OpenVPN and with another provider."""
    return render("qbittorrent", request.param)


@pytest.fixture
def pod(objects):
    """Its pod."""
    return objects.pod("qbittorrent")


def gluetun(changes):
    """Values that change the sidecar."""
    return {"controllers": {"qbittorrent": {"sidecars": {"gluetun": changes}}}}


def seeded(objects):
    """The settings that the client starts with."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read_string(objects.one("ConfigMap", "qbittorrent-seed")["data"]["qBittorrent.conf"])
    return {section: dict(parser[section]) for section in parser.sections()}


def test_the_tunnel_is_the_first_container_and_keeps_running(pod):
    first = pod.first[0]
    assert (first["name"], first["restartPolicy"]) == ("gluetun", "Always")
    assert [container["name"] for container in pod.all] == ["gluetun", "seed", "app"]


def test_the_client_waits_until_the_health_server_has_seen_the_tunnel(pod):
    container = pod.container("gluetun")
    probe = container["startupProbe"]["httpGet"]
    port = next(port["containerPort"] for port in container["ports"] if port["name"] == probe["port"])
    assert probe["path"] == "/"
    assert pod.env("gluetun")["HEALTH_SERVER_ADDRESS"] == f":{port}"
    assert str(port) in pod.env("gluetun")["FIREWALL_INPUT_PORTS"].split(",")


def test_a_dead_tunnel_is_seen_and_takes_the_client_out_of_service(pod):
    container = pod.container("gluetun")
    for probe in ("livenessProbe", "readinessProbe"):
        # An open port says nothing of the tunnel; the health server's answer does.
        assert container[probe]["httpGet"]["port"] == "health"


def test_without_a_startup_probe_there_is_no_gate_and_no_chart(refusal):
    message = refusal("qbittorrent", gluetun({"probes": {"startup": None}}))
    assert "sidecar gluetun has no startup probe, so the application would start before it is ready" in message


def test_the_kill_switch_is_on(pod):
    assert pod.env("gluetun")["FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT"] == "on"


def test_the_firewall_admits_the_web_interface_and_the_health_check_only(objects, pod):
    offered = {str(port["port"]) for port in objects.one("Service", "qbittorrent")["spec"]["ports"]}
    assert set(pod.env("gluetun")["FIREWALL_INPUT_PORTS"].split(",")) == {*offered, "9999"}


def test_the_clusters_networks_are_facts_of_the_platform(render):
    facts = {"pods": {"cidr": "10.52.0.0/16"}, "services": {"cidr": "10.53.0.0/16"}}
    env = render("qbittorrent", {"global": facts}).pod("qbittorrent").env("gluetun")
    assert env["FIREWALL_OUTBOUND_SUBNETS"] == "10.52.0.0/16,10.53.0.0/16"


def test_no_network_outside_the_tunnel_overlaps_the_providers(pod):
    outside = pod.env("gluetun")["FIREWALL_OUTBOUND_SUBNETS"].split(",")
    assert not any(ipaddress.ip_network(each).overlaps(PROTON) for each in outside)


@pytest.mark.parametrize(
    ("values", "port"),
    [("its own values", 51820), ("ci/provider-values.yaml", 51820), ("ci/openvpn-values.yaml", 1194)],
)
def test_the_policy_lets_one_port_out_and_nothing_into_the_cluster(render, values, port):
    (rule,) = render("qbittorrent", values).one("NetworkPolicy", "qbittorrent")["spec"]["egress"]
    assert rule["ports"] == [{"port": port, "protocol": "UDP"}]
    (peer,) = rule["to"]
    outside = [ipaddress.ip_network(each) for each in peer["ipBlock"]["except"]]
    for cluster in ("10.42.0.0/16", "10.43.0.0/16", "192.168.1.0/24"):
        assert any(ipaddress.ip_network(cluster).subnet_of(each) for each in outside)


def test_the_pod_does_not_know_the_clusters_resolver(pod):
    assert pod.spec["dnsPolicy"] == "None"
    # gluetun asks a private or loopback resolver of the pod for local names; a public one it replaces.
    assert all(ipaddress.ip_address(each).is_global for each in pod.spec["dnsConfig"]["nameservers"])
    assert "searches" not in pod.spec["dnsConfig"]


def test_names_are_resolved_inside_the_tunnel(pod):
    env = pod.env("gluetun")
    assert (env["DNS_SERVER"], env["DNS_KEEP_NAMESERVER"]) == ("on", "off")
    # It writes the pod's resolver into /etc/resolv.conf, which all containers share.
    assert pod.container("gluetun")["securityContext"]["readOnlyRootFilesystem"] is False


def test_only_the_sidecar_may_change_the_network(render):
    added = {
        (name, container["name"]): container["securityContext"]["capabilities"].get("add", [])
        for name, pod in render("htpc").pods.items()
        for container in pod.all
    }
    assert {where: what for where, what in added.items() if what} == {
        ("qbittorrent", "gluetun"): ["NET_ADMIN", "NET_BIND_SERVICE"]
    }


def test_only_the_sidecar_is_root_and_nobody_is_privileged(render):
    for name, pod in render("htpc").pods.items():
        for container in pod.all:
            context = {**pod.spec["securityContext"], **container["securityContext"]}
            is_gluetun = (name, container["name"]) == ("qbittorrent", "gluetun")
            assert context["runAsNonRoot"] is not is_gluetun
            assert (context["runAsUser"] == 0) is is_gluetun
            assert not context.get("privileged")
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"]["drop"] == ["ALL"]
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_only_the_sidecar_sees_the_tunnel_device(render):
    pods = render("htpc").pods
    paths = {name: [volume for volume in pod.spec["volumes"] if "hostPath" in volume] for name, pod in pods.items()}
    assert [name for name, found in paths.items() if found] == ["qbittorrent"]
    assert paths["qbittorrent"][0]["hostPath"] == {"path": "/dev/net/tun", "type": "CharDevice"}
    pod = pods["qbittorrent"]
    assert [each["name"] for each in pod.all if "/dev/net/tun" in pod.mounts(each["name"])] == ["gluetun"]


def test_the_sidecar_owns_the_files_that_it_writes(pod):
    # Without the capability CHOWN it can give a file only to itself, and an error there ends the port forwarding.
    user = pod.container("gluetun")["securityContext"]["runAsUser"]
    assert {pod.env("gluetun")[name] for name in ("PUID", "PGID")} == {str(user)}


def test_stale_routing_rules_of_a_restarted_sidecar_are_removed(pod):
    command = pod.container("gluetun")["lifecycle"]["postStart"]["exec"]["command"]
    assert "ip rule del table 51820" in command[-1]
    assert "ip -6 rule del table 51820" in command[-1]


def test_the_client_is_bound_to_the_tunnel_from_its_first_start(objects):
    session = seeded(objects)["BitTorrent"]
    assert session["Session\\Interface"] == session["Session\\InterfaceName"] == "tun0"


def test_nothing_undoes_the_forwarded_port_at_the_next_start(pod):
    assert "QBT_TORRENTING_PORT" not in pod.env("app")


def test_a_provider_without_port_forwarding_is_only_values(render):
    objects = render("qbittorrent", "ci/provider-values.yaml")
    env = objects.pod("qbittorrent").env("gluetun")
    assert (env["VPN_SERVICE_PROVIDER"], env["SERVER_COUNTRIES"]) == ("mullvad", "Sweden,Switzerland")
    assert (env["VPN_PORT_FORWARDING"], env["PORT_FORWARD_ONLY"]) == ("off", "off")
    assert not {"VPN_PORT_FORWARDING_UP_COMMAND", "VPN_PORT_FORWARDING_DOWN_COMMAND"} & set(env)


def test_only_the_pod_itself_needs_no_login(objects):
    web = {name.removeprefix("WebUI\\"): value for name, value in seeded(objects)["Preferences"].items()}
    assert web["AuthSubnetWhitelistEnabled"] == "false"
    assert "AuthSubnetWhitelist" not in web
    # gluetun tells the port without a password. Whoever may name the client's address could say it is 127.0.0.1.
    assert (web["LocalHostAuth"], web["ReverseProxySupportEnabled"]) == ("false", "false")
    assert "TrustedReverseProxiesList" not in web
    assert web["UseUPnP"] == "false"


def test_the_web_interface_answers_on_the_services_port(objects, pod):
    (port,) = objects.one("Service", "qbittorrent")["spec"]["ports"]
    assert pod.env("app")["QBT_WEBUI_PORT"] == str(port["port"]) == seeded(objects)["Preferences"]["WebUI\\Port"]


def run_seed(pod, folder: Path) -> None:
    """What the seed container does, below a folder."""
    program, flag, script = pod.container("seed")["command"]
    for path in pod.mounts("seed"):
        script = script.replace(f"{path}/", f"{folder}{path}/")
    run_process(Command(argv=(program, flag, script)))


def test_settings_are_seeded_once_and_never_again(pod, tmp_path):
    (tmp_path / "seed").mkdir()
    (tmp_path / "config").mkdir()
    seed = tmp_path / "seed/qBittorrent.conf"
    settings = tmp_path / "config/qBittorrent/qBittorrent.conf"

    seed.write_text("first")
    run_seed(pod, tmp_path)
    assert settings.read_text() == "first"

    settings.write_text("changed in the web interface")
    seed.write_text("second")
    run_seed(pod, tmp_path)
    assert settings.read_text() == "changed in the web interface"


def test_two_clients_never_share_the_resume_data(objects, pod):
    deployment = objects.one("Deployment", "qbittorrent")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert pod.spec["terminationGracePeriodSeconds"] == 300


def test_the_namespace_admits_the_sidecar(repository):
    umbrella = repository.builder.workspace.charts["htpc"]
    assert umbrella.metadata["annotations"]["slipway.homelab/pod-security"] == "privileged"
