"""Rules across fields: each one is broken once, and says the object, the rule and what to set."""

import pytest

pytestmark = pytest.mark.helm

IMAGE = "{image: {repository: registry.test/x, tag: '1'}}"
HTTP = "service: {demo: {ports: {http: {port: 80, targetPort: 8080}}}}\n"
RULE = "{apiGroups: [''], resources: [pods], verbs: [get]}"


def demo(spec: str) -> str:
    return f"controllers: {{demo: {spec}}}\n"


def app(spec: str) -> str:
    return demo(f"{{containers: {{app: {spec}}}}}")


def mounted(**volumes: str) -> str:
    entries = ", ".join(f"{name}: {{{spec}, mounts: {{app: [{{path: /x}}]}}}}" for name, spec in volumes.items())
    return f"persistence: {{{entries}}}\n"


BROKEN = {
    "a strategy that the type does not have": (
        demo("{type: DaemonSet, strategy: Recreate}"),
        (
            "demo: controller demo is a DaemonSet, which has no strategy Recreate; "
            "set controllers.demo.strategy to OnDelete or RollingUpdate"
        ),
    ),
    "a strategy of a job": (
        demo("{type: Job, strategy: Recreate}"),
        "demo: controller demo is a Job, which has no strategy Recreate; set controllers.demo.strategy to null",
    ),
    "a rolling update without rolling": (
        demo("{strategy: Recreate, rollingUpdate: {maxSurge: 1}}"),
        "demo: controller demo has rollingUpdate, but the strategy Recreate; remove controllers.demo.rollingUpdate",
    ),
    "rights of an unknown account": (
        f"rbac: {{pods: {{serviceAccount: api, rules: [{RULE}]}}}}",
        (
            'demo: rbac pods binds the service account "api", which does not exist or is disabled; '
            "add serviceAccount.api, or set rbac.pods.serviceAccount"
        ),
    ),
    "no container": (
        app("{enabled: false}"),
        (
            "demo: controller demo has no enabled container; "
            "set controllers.demo.containers, or controllers.demo.enabled to false"
        ),
    ),
    "two containers of one name": (
        demo(f"{{init: {{app: {IMAGE}}}}}"),
        "demo: controller demo: containers and init both have a container app; rename controllers.demo.init.app",
    ),
    "a probe without a port": (
        app("{probes: {liveness: {path: /}}}"),
        (
            "demo: controller demo: the liveness probe of container app has no handler; "
            "set controllers.demo.containers.app.probes.liveness.path and .port, or .tcp, .grpc or .exec"
        ),
    ),
    "a probe without a question": (
        app("{probes: {startup: {port: 80}}}"),
        "demo: controller demo: the startup probe of container app has no handler",
    ),
    "a probe of an unknown port": (
        HTTP + app("{probes: {liveness: {path: /, port: web}}}"),
        (
            'demo: controller demo: the liveness probe of container app uses the port "web", which the container does not '
            "have; set controllers.demo.containers.app.probes.liveness.port to one of: http"
        ),
    ),
    "two volumes at one path": (
        mounted(a="type: emptyDir", b="type: emptyDir"),
        "demo: controller demo: container app mounts both a and b at /x; change the path of one of them",
    ),
    "an undeclared key": (
        "secrets: {api: {keys: [token], purpose: test}}\n" + app("{env: {KEY: {secret: api, key: other}}}"),
        (
            'demo: controller demo: container app uses the key "other" of the secret "api", which does not list it; '
            "add it to secrets.api.keys"
        ),
    ),
    "an unknown config": (
        app("{envFrom: {all: {config: main}}}"),
        'demo: controller demo: container app uses the config "main", which does not exist or is disabled; add config.main',
    ),
    "an unknown file of a config": (
        "config: {main: {files: {a: b}}}\n" + app("{env: {KEY: {config: main, key: c}}}"),
        (
            'demo: controller demo: container app uses the file "c" of the config "main", which does not have it; '
            "add it to config.main.files"
        ),
    ),
    "two pods on a volume of one node": (
        demo("{replicas: 2, strategy: Recreate}") + mounted(data="size: 1Gi"),
        (
            "demo: controller demo has 2 replicas, but the claim data is ReadWriteOnce; "
            "set controllers.demo.replicas to 1, or persistence.data.accessMode to ReadWriteMany"
        ),
    ),
    "two volumes of one name": (
        demo("{type: StatefulSet, volumeClaims: {data: {size: 1Gi, mounts: {app: [{path: /y}]}}}}")
        + mounted(data="type: emptyDir"),
        (
            "demo: controller demo: persistence and volumeClaims both have a volume data; "
            "rename controllers.demo.volumeClaims.data"
        ),
    ),
    "a service of an unknown container": (
        "service: {demo: {ports: {http: {port: 80, container: web}}}}",
        (
            'demo: port http of service demo targets the container "web", which controller demo does not have; '
            "set service.demo.ports.http.container to one of: app"
        ),
    ),
    "a service of an unknown port": (
        "service: {demo: {ports: {http: {port: 80, targetPort: web}}}}",
        (
            'demo: port http of service demo targets the port "web", which controller demo does not have; '
            "set service.demo.ports.http.targetPort to a number or to one of: none"
        ),
    ),
    "a service of a controller that is off": (
        (
            "controllers: {old: {enabled: false, containers: {app: {image: {repository: x, tag: '1'}}}}}\n"
            "service: {old: {controller: old, ports: {http: {port: 80}}}}"
        ),
        (
            'demo: service old selects the controller "old", which is disabled; '
            "set service.old.controller, or service.old.enabled to false"
        ),
    ),
    "one name for two ports": (
        "service: {demo: {ports: {http: {port: 80}}}, other: {ports: {http: {port: 90}}}}",
        (
            "demo: port http of service other targets 90, but another service of controller demo targets 80 by this name; "
            "rename service.other.ports.http"
        ),
    ),
    "a route to a service that is off": (
        "service: {demo: {enabled: false, ports: {http: {port: 80}}}}\nroute: {demo: {host: a.test, service: demo}}",
        (
            'demo: route demo targets the service "demo", which does not exist or is disabled; '
            "set route.demo.service, or route.demo.enabled to false"
        ),
    ),
    "two metrics on one service": (
        HTTP + "metrics: {a: {port: http}, b: {port: http}}",
        (
            "demo: metrics a and b both need the annotations of service demo, which name one port; "
            "set metrics.b.service to another Service, or metrics.b.kind to ServiceMonitor"
        ),
    ),
    "an edge to an unknown port": (
        HTTP + "network: {ingress: {web: {from: {peer: any}, ports: [web]}}}",
        'demo: network.ingress.web opens the port "web", which no pod has; set it to a number or to one of: http',
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_says_what_to_set(refuse, case):
    values, message = BROKEN[case]

    assert message in refuse(values)


def test_what_is_off_is_not_judged(render):
    values = f"controllers: {{old: {{enabled: false, type: Job, strategy: Recreate, containers: {{job: {IMAGE}}}}}}}"

    assert render(values).titles == ["NetworkPolicy demo", "Deployment demo"]
