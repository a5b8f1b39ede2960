"""CrowdSec and its bouncer: files are read by CrowdSec's own readers where those can be had, else held against what the
sources take.

Sources: crowdsecurity/crowdsec v1.7.8, pkg/acquisition/modules/appsec/config.go, pkg/parser/whitelist.go;
maxlerebourg/crowdsec-bouncer-traefik-plugin v1.7.1, pkg/configuration/configuration.go; Kubernetes, LegacyLogSymlink of
pkg/kubelet/kuberuntime.
"""

import fnmatch
import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from slipway.tools.run import Command, Completed, run_process
from testing.rendering import Repository
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm

COMMUNITY, BOUNCER = "ci/community-values.yaml", "ci/bouncer-values.yaml"
TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}
NETWORKS = {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f.:]+/[0-9]+$"}, "minItems": 1}


def closed(required: tuple[str, ...], **properties: object) -> dict[str, object]:
    """An object with these keys and no others."""
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


SCHEMAS: Mapping[str, Mapping[str, object]] = {
    "appsec": closed(
        ("source", "listen_addr", "appsec_configs", "labels"),
        source={"const": "appsec"},
        listen_addr={"type": "string", "pattern": "^[0-9.]+:[0-9]+$"},
        path={"type": "string", "pattern": "^/"},
        appsec_configs=TEXTS,
        labels={"const": {"type": "appsec"}},
    ),
    "whitelist": closed(
        ("name", "description", "whitelist"),
        name={"type": "string", "pattern": "^[a-z]+/[a-z]+$"},
        description=TEXT,
        whitelist=closed(("reason",), reason=TEXT, ip=TEXTS, cidr=NETWORKS, expression=TEXTS),
    ),
    "plugin": closed(
        ("enabled", "crowdsecLapiHost", "crowdsecLapiKeyFile"),
        enabled={"type": "boolean"},
        crowdsecMode={"enum": ["none", "live", "stream", "alone", "appsec"]},
        updateIntervalSeconds={"type": "integer", "minimum": 1},
        updateMaxFailure={"type": "integer", "minimum": -1},
        streamStartupBlock={"type": "boolean"},
        remediationStatusCode={"type": "integer", "minimum": 400, "maximum": 599},
        clientTrustedIps=NETWORKS,
        crowdsecLapiScheme={"enum": ["http", "https"]},
        crowdsecLapiHost={"type": "string", "pattern": "^[a-z.-]+:[0-9]+$"},
        crowdsecLapiKeyFile={"type": "string", "pattern": "^/"},
        crowdsecAppsecEnabled={"type": "boolean"},
        crowdsecAppsecHost={"type": "string", "pattern": "^[a-z.-]+:[0-9]+$"},
        crowdsecAppsecFailureBlock={"type": "boolean"},
        crowdsecAppsecUnreachableBlock={"type": "boolean"},
        crowdsecAppsecUnreadableBodyBlock={"type": "boolean"},
    ),
}
"""What each file may say; every key is one that its program knows."""

Objects = Mapping[str, Object]


@pytest.fixture(scope="module")
def render(repository: Repository) -> Callable[..., Objects]:
    """`render(chart, values)`: kind and name → object."""

    def made(chart: str, label: str = DEFAULTS) -> Objects:
        return {item.title: item for item in repository.rendered(repository.case(chart, label)).objects}

    return made


def file(objects: Objects, config: str, name: str) -> Any:
    """A file of a ConfigMap, read."""
    return yaml.safe_load(objects[f"ConfigMap {config}"].data["data"][name])  # type: ignore[index]


def container(objects: Objects, workload: str) -> Any:
    """The only container of a workload."""
    (found,) = objects[workload].data["spec"]["template"]["spec"]["containers"]  # type: ignore[index]
    return found


def variables(objects: Objects, workload: str) -> dict[str, Any]:
    """Variable → text, or where it comes from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(objects, workload)["env"]}


def plugin(objects: Objects) -> Any:
    """The settings of the bouncer."""
    return objects["Middleware crowdsec"].data["spec"]["plugin"]["crowdsec"]  # type: ignore[index]


def check(what: str, path: Path) -> Completed:
    """Have CrowdSec's own reader read a file; the caller reads the exit code."""
    return run_process(Command(argv=(str(program("crowdsec-check")), what, str(path)), ok_codes=None))


BASE = "config_paths: {config_dir: /etc/crowdsec, data_dir: /data}\ndb_config: {type: sqlite, use_wal: false}\napi: {server: {}}\n"
"""As much of the image's own configuration as the loader wants."""


@pytest.mark.parametrize(("wrong", "refused"), [("", False), ("use_wall", True)])
def test_the_api_takes_its_configuration(render, tmp_path, wrong, refused):
    local = render("crowdsec")["ConfigMap crowdsec-lapi"].at("data", "config.yaml.local")
    (tmp_path / "config.yaml").write_text(BASE)
    (tmp_path / "config.yaml.local").write_text(local.replace("use_wal", wrong) if wrong else local)
    done = check("config", tmp_path / "config.yaml")

    if refused:
        assert (done.code, f"field {wrong} not found" in done.stderr) == (1, True)
    else:
        merged = yaml.safe_load(done.stdout)
        assert merged["db_config"] == {"type": "sqlite", "use_wal": True}
        assert merged["api"]["server"]["disable_remote_lapi_registration"] is True


@pytest.mark.parametrize(("wrong", "code"), [("", 0), ("filenamez", 1)])
def test_the_agent_takes_its_source(render, tmp_path, wrong, code):
    text = render("crowdsec")["ConfigMap crowdsec-logs"].at("data", "acquis.yaml")
    (tmp_path / "acquis.yaml").write_text(text.replace("filenames", wrong) if wrong else text)
    done = check("logs", tmp_path / "acquis.yaml")

    assert (done.code, wrong in done.stderr) == (code, True)


@pytest.mark.parametrize("label", [DEFAULTS, COMMUNITY])
def test_every_other_file_says_what_its_program_knows(render, label):
    objects = render("crowdsec", label)
    message = {"whitelist": file(objects, "crowdsec-whitelist", "home.yaml"), "plugin": plugin(objects)}
    if label == COMMUNITY:
        message["appsec"] = file(objects, "crowdsec-requests", "acquis.yaml")

    for name, content in message.items():
        jsonschema.validate(content, SCHEMAS[name])


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_key_that_no_program_knows_is_found(schema):
    with pytest.raises(jsonschema.ValidationError, match="clientTrustedIPS"):
        jsonschema.validate({"clientTrustedIPS": []}, SCHEMAS[schema])


def log_of(pod: str, namespace: str, container: str) -> str:
    """The name that the kubelet gives to a container's log."""
    return f"/var/log/containers/{pod}_{namespace}_{container}-{'0123456789abcdef' * 4}.log"


def test_the_agent_reads_the_logs_of_traefik_and_of_nobody_else(render):
    (pattern,) = file(render("crowdsec"), "crowdsec-logs", "acquis.yaml")["filenames"]
    infra = render("infra", BOUNCER)
    read = {
        (item.name, each["name"])
        for item in infra.values()
        if item.kind in {"Deployment", "DaemonSet", "StatefulSet"}
        for each in item.data["spec"]["template"]["spec"]["containers"]
        if fnmatch.fnmatchcase(log_of(f"{item.name}-5d9c7bfb6-x2x4z", item.namespace, each["name"]), pattern)
    }

    assert read == {("traefik", "app")}
    assert not fnmatch.fnmatchcase(log_of("traefik-5d9c7bfb6-x2x4z", "htpc", "app"), pattern)


def test_the_agent_sees_the_names_of_the_logs_and_where_they_lead(render):
    pod = render("crowdsec")["DaemonSet crowdsec-agent"].at("spec", "template", "spec")
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume}
    mounts = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] in paths}

    # A link leads somewhere only when both folders are where the node has them.
    assert set(mounts) == set(paths.values()) == {"/var/log/containers", "/var/log/pods"}
    assert all(mount["readOnly"] for mount in mounts.values())


def test_traefik_writes_the_log_that_the_agent_reads(render):
    access = file(render("traefik"), "traefik-static", "traefik.yaml")["accessLog"]

    assert "filePath" not in access
    assert (access["format"], access["fields"]["headers"]["names"]["User-Agent"]) == ("json", "keep")
    assert file(render("crowdsec"), "crowdsec-logs", "acquis.yaml")["labels"] == {
        "type": "containerd",
        "program": "traefik",
    }


def test_the_home_network_is_never_banned(render):
    objects = render("crowdsec")
    facts = yaml.safe_load((ROOT / "charts/common/values.yaml").read_text())["global"]
    home = [ipaddress.ip_network(facts[name]["cidr"]) for name in ("lan", "pods", "services")]

    for spared in (
        file(objects, "crowdsec-whitelist", "home.yaml")["whitelist"]["cidr"],
        plugin(objects)["clientTrustedIps"],
    ):
        networks = [ipaddress.ip_network(each) for each in spared]
        assert all(network.is_private or network == ipaddress.ip_network("100.64.0.0/10") for network in networks)
        for one in home:
            assert any(one.subnet_of(network) for network in networks if network.version == one.version), one


def test_agents_sign_in_as_the_account_that_the_api_makes(render):
    objects = render("crowdsec", COMMUNITY)
    api, *others = (
        variables(objects, workload)
        for workload in ("Deployment crowdsec-lapi", "DaemonSet crowdsec-agent", "Deployment crowdsec-appsec")
    )

    for other in others:
        for name in ("AGENT_USERNAME", "AGENT_PASSWORD"):
            assert other[name] == api[name]
        assert re.fullmatch(r"http://([a-z-]+):(\d+)", other["LOCAL_API_URL"])
        # Shared by every pod, so none of them may take it away.
        assert "UNREGISTER_ON_EXIT" not in other


@pytest.mark.parametrize(("key", "service"), [("crowdsecLapiHost", "lapi"), ("crowdsecAppsecHost", "appsec")])
def test_the_bouncer_asks_services_that_exist(render, key, service):
    objects = render("crowdsec", COMMUNITY)
    host, port = plugin(objects)[key].split(":")
    found = objects[f"Service crowdsec-{service}"]

    assert host == f"{found.name}.{found.namespace}.svc"
    assert int(port) in [each["port"] for each in found.at("spec", "ports")]


def test_the_bouncer_stays_open_when_its_judge_is_away(render):
    settings = plugin(render("crowdsec", COMMUNITY))

    assert (settings["crowdsecMode"], settings["updateMaxFailure"], settings["streamStartupBlock"]) == (
        "stream",
        -1,
        False,
    )
    assert [value for key, value in settings.items() if key.endswith("Block")] == [False] * 4


def test_traefik_holds_the_key_that_the_api_registers(render):
    infra = render("infra", BOUNCER)
    registered = variables(infra, "Deployment crowdsec-lapi")["BOUNCER_KEY_traefik"]["secretKeyRef"]
    (volume,) = (
        each
        for each in infra["Deployment traefik"].at("spec", "template", "spec", "volumes")
        if each["name"] == "bouncer-key"
    )
    (mount,) = (
        each for each in container(infra, "Deployment traefik")["volumeMounts"] if each["name"] == "bouncer-key"
    )

    assert volume["secret"]["secretName"] == registered["name"]
    (item,) = volume["secret"]["items"]
    assert item["key"] == registered["key"]
    assert f"{mount['mountPath']}/{item['path']}" == plugin(infra)["crowdsecLapiKeyFile"]


def test_traefik_knows_the_plugin_by_the_name_that_the_middleware_uses(render):
    infra = render("infra", BOUNCER)
    plugins = file(infra, "traefik-static", "traefik.yaml")["experimental"]["plugins"]

    assert set(plugins) == set(infra["Middleware crowdsec"].at("spec", "plugin"))
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", each["version"]) for each in plugins.values())
    assert {"ports": [{"port": 443, "protocol": "TCP"}]}.items() <= next(
        rule.items()
        for rule in infra["NetworkPolicy traefik"].at("spec", "egress")
        if rule["to"][0].get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    )


def test_a_new_cluster_needs_neither_the_plugin_nor_a_key(render):
    infra = render("infra")

    assert "experimental" not in file(infra, "traefik-static", "traefik.yaml")
    assert not [title for title in infra if "crowdsec" in title or "external-dns" in title]
    assert "bouncer-key" not in [
        each["name"] for each in infra["Deployment traefik"].at("spec", "template", "spec", "volumes")
    ]


def test_the_guide_shows_the_values_that_are_tried_here():
    guide = (ROOT / "docs/guides/bouncer.md").read_text()
    blocks = [
        yaml.safe_load(re.sub(r"^    ", "", block, flags=re.MULTILINE))
        for block in re.findall(r"^    ```yaml\n(.*?)^    ```", guide, flags=re.MULTILINE | re.DOTALL)
    ]

    assert yaml.safe_load((ROOT / "umbrella/infra" / BOUNCER).read_text()) in blocks
