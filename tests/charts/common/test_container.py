"""Containers: images, commands, ports, and the rights that they have when a chart says nothing."""

import pytest

pytestmark = pytest.mark.helm

DIGEST = "sha256:" + "a" * 64


def app(fields):
    """Values with these fields of the only container."""
    return f"controllers: {{demo: {{containers: {{app: {fields}}}}}}}"


def test_an_image_is_named_by_its_tag(render):
    assert render().container()["image"] == "registry.test/demo:1.2.3"


def test_a_digest_is_what_the_node_pulls(render):
    image = render(app(f"{{image: {{digest: '{DIGEST}'}}}}")).container()["image"]

    assert image == f"registry.test/demo:1.2.3@{DIGEST}"


def test_when_an_image_is_pulled_can_be_said(render):
    assert "imagePullPolicy" not in render().container()
    assert render(app("{image: {pullPolicy: Always}}")).container()["imagePullPolicy"] == "Always"


def test_a_container_may_do_nothing_that_the_restricted_level_forbids(render):
    objects = render()

    assert objects.container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert objects.pod_spec()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_an_exception_takes_away_one_protection_and_leaves_the_others(render):
    context = render(app("{securityContext: {readOnlyRootFilesystem: false}}")).container()["securityContext"]

    assert context == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": False,
    }


def test_a_capability_that_is_added_does_not_bring_back_the_others(render):
    context = render(app("{securityContext: {capabilities: {add: [NET_ADMIN]}}}")).container()["securityContext"]

    assert context["capabilities"] == {"add": ["NET_ADMIN"], "drop": ["ALL"]}


def test_the_user_is_a_fact_of_the_platform(render):
    context = render("global: {user: {uid: 568, gid: 569}}").pod_spec()["securityContext"]

    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (568, 569, 569)


def test_an_image_with_a_user_of_its_own_keeps_it(render):
    values = "controllers: {demo: {pod: {securityContext: {runAsUser: 65534, runAsGroup: 65534}}}}"
    context = render(values).pod_spec()["securityContext"]

    assert (context["runAsUser"], context["runAsGroup"]) == (65534, 65534)
    assert "fsGroup" not in context


def test_a_group_of_the_files_alone_is_not_overruled_by_the_platform(render):
    context = render("controllers: {demo: {pod: {securityContext: {fsGroup: 44}}}}").pod_spec()["securityContext"]

    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (1000, 1000, 44)


def test_a_pod_has_no_token_and_no_variables_of_its_neighbours(render):
    spec = render().pod_spec()

    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)


def test_the_last_lines_of_the_log_are_the_message_of_a_crash(render):
    assert render().container()["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_command_and_arguments_may_name_values(render):
    fields = "{command: [serve], args: ['--zone={{ .Values.global.timezone }}', '--port=80']}"
    container = render(app(fields)).container()

    assert (container["command"], container["args"]) == (["serve"], ["--zone=Etc/UTC", "--port=80"])


def test_small_fields_of_a_container_reach_it(render):
    fields = (
        "{workingDir: /srv, stdin: true, tty: true, terminationMessagePolicy: File, "
        "lifecycle: {preStop: {exec: {command: [sleep, '5']}}}}"
    )
    container = render(app(fields)).container()

    assert (container["workingDir"], container["stdin"], container["tty"]) == ("/srv", True, True)
    assert container["terminationMessagePolicy"] == "File"
    assert container["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "5"]}}}


def test_small_fields_of_a_pod_reach_it(render):
    pod = (
        "{hostUsers: false, hostname: box, runtimeClassName: gvisor, schedulerName: own, shareProcessNamespace: true, "
        "terminationGracePeriodSeconds: 0, dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1]}, "
        "affinity: {podAntiAffinity: {}}, topologySpreadConstraints: [{maxSkew: 1}]}"
    )
    spec = render(f"controllers: {{demo: {{pod: {pod}}}}}").pod_spec()

    assert (spec["hostUsers"], spec["hostname"], spec["runtimeClassName"]) == (False, "box", "gvisor")
    assert (spec["schedulerName"], spec["shareProcessNamespace"]) == ("own", True)
    assert spec["terminationGracePeriodSeconds"] == 0
    assert (spec["dnsPolicy"], spec["dnsConfig"]) == ("None", {"nameservers": ["1.1.1.1"]})
    assert (spec["affinity"], spec["topologySpreadConstraints"]) == ({"podAntiAffinity": {}}, [{"maxSkew": 1}])


def test_the_ports_of_a_service_are_ports_of_the_container(render):
    container = render(
        "service: {demo: {ports: {http: {port: 80, targetPort: 8080}, dns: {port: 53, protocol: UDP}}}}"
    ).container()

    assert container["ports"] == [
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
    ]


def test_a_port_without_a_service_is_the_containers_own(render):
    container = render(app("{ports: {peer: {port: 6881, protocol: UDP, hostPort: 6881}}}")).container()

    assert container["ports"] == [{"name": "peer", "containerPort": 6881, "hostPort": 6881, "protocol": "UDP"}]


def test_a_service_port_goes_to_the_container_that_it_names(render):
    values = """
controllers: {demo: {containers: {web: {image: {repository: x/web, tag: '1'}}}}}
service: {demo: {ports: {http: {port: 80, container: web}, admin: {port: 81}}}}
"""
    objects = render(values)

    assert [port["name"] for port in objects.container("web")["ports"]] == ["http"]
    assert [port["name"] for port in objects.container("app")["ports"]] == ["admin"]


def test_containers_come_in_the_order_of_their_names(render):
    values = "controllers: {demo: {containers: {zeta: {image: {repository: x, tag: '1'}}, alpha: {image: {repository: x, tag: '1'}}}}}"

    assert [each["name"] for each in render(values).pod_spec()["containers"]] == ["alpha", "app", "zeta"]


def test_a_container_that_is_off_is_not_there(render):
    values = "controllers: {demo: {containers: {more: {enabled: false, image: {repository: x, tag: '1'}}}}}"

    assert [each["name"] for each in render(values).pod_spec()["containers"]] == ["app"]
