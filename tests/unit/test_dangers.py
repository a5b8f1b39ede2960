"""What is hard to undo about an update, by the objects before and after it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from slipway.build.render import Object, parse
from slipway.core.errors import WorkspaceError
from slipway.release.dangers.find import dangers
from slipway.release.dangers.kinds import KINDS, OF_PROMOTION, accepted_names
from slipway.util import yaml

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: config, namespace: media}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}
"""
DATABASE = """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: photos, namespace: media}
spec: {instances: 1, imageName: "example.org/postgresql:18.1", storage: {size: 10Gi}}
"""
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: media, labels: {helm.sh/chart: kube-app-2-1.4.0}}
spec:
  replicas: 1
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: example.org/app:2.4.0
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: app, namespace: media}
spec: {selector: {app: app}}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app, namespace: media}
spec: {podSelector: {matchLabels: {app: app}}}
"""
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: media}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
"""
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: media}
roleRef: {kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app, namespace: media}]
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {versions: [{name: v1beta1, served: true}, {name: v1, served: true}]}
"""
STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: media}
spec: {replicas: 1, serviceName: store, template: {spec: {}}}
"""
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: media}
"""
EVERYTHING = (CLAIM, DATABASE, WORKLOAD, SERVICE, POLICY, ROLE, BINDING, DEFINITION, STATEFUL, NAMESPACE)


def objects(*texts: str) -> tuple[Object, ...]:
    return parse("---\n".join(texts))


def with_value(text: str, path: str, value: object) -> str:
    """A manifest with another value at a path of keys and indexes."""
    data: Any = deepcopy(yaml.parse(text.encode(), "manifest").mapping)
    *above, last = path.split("/")
    at = data
    for key in above:
        at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
    at[last] = value
    return yaml.dump(data).decode()


def found(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    return [str(danger) for danger in dangers(objects(*old), objects(*new))]


def without(text: str) -> tuple[str, ...]:
    return tuple(one for one in EVERYTHING if one != text)


def changed(text: str, path: str, value: object) -> tuple[str, ...]:
    return (*without(text), with_value(text, path, value))


CONTAINER = "spec/template/spec/containers/0"

UPDATES: Mapping[str, tuple[tuple[str, ...], list[str]]] = {
    "a claim is gone": (without(CLAIM), ["removed-claim: PersistentVolumeClaim config is removed"]),
    "a database is gone": (without(DATABASE), ["removed-database: Cluster photos is removed"]),
    "a stateful set is gone": (without(STATEFUL), ["removed-statefulset: StatefulSet store is removed"]),
    "a namespace is gone": (without(NAMESPACE), ["removed-namespace: Namespace media is removed"]),
    "a definition is gone": (
        without(DEFINITION),
        ["removed-definition: CustomResourceDefinition things.example.org is removed"],
    ),
    "a version of a definition is not served": (
        changed(DEFINITION, "spec/versions/0/served", False),
        ["removed-definition: CustomResourceDefinition things.example.org no longer serves v1beta1"],
    ),
    "a service is gone": (without(SERVICE), ["removed-service: Service app is removed"]),
    "a policy is gone, its pods are not": (
        without(POLICY),
        ["removed-network-policy: NetworkPolicy app is removed, which selects Deployment app"],
    ),
    "no replica": (changed(WORKLOAD, "spec/replicas", 0), ["scaled-to-zero: Deployment app has replicas 0"]),
    "no instance": (changed(DATABASE, "spec/instances", 0), ["scaled-to-zero: Cluster photos has instances 0"]),
    "a capability": (
        changed(WORKLOAD, f"{CONTAINER}/securityContext/capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}),
        ["more-privilege: Deployment app container app adds capabilities: ['NET_ADMIN']"],
    ),
    "the host's network": (
        changed(WORKLOAD, "spec/template/spec/hostNetwork", True),
        ["more-privilege: Deployment app sets hostNetwork"],
    ),
    "a verb": (
        changed(ROLE, "rules/0/verbs", ["get", "delete", "list"]),
        ["more-rights: Role app permits delete of configmaps and 1 more"],
    ),
    "a subject": (
        changed(BINDING, "subjects/0/name", "other"),
        ["more-rights: RoleBinding app gives Role app to ServiceAccount media/other"],
    ),
    "another selector": (
        changed(WORKLOAD, "spec/selector/matchLabels", {"app": "other"}),
        ["immutable-field: Deployment app changes spec.selector"],
    ),
    "a smaller claim": (
        changed(CLAIM, "spec/resources/requests/storage", "1048576Ki"),
        ["smaller-claim: PersistentVolumeClaim config 2Gi → 1048576Ki"],
    ),
    "a smaller database": (changed(DATABASE, "spec/storage/size", "9Gi"), ["smaller-claim: Cluster photos 10Gi → 9Gi"]),
    "a major version of an image": (
        changed(WORKLOAD, f"{CONTAINER}/image", "example.org/app:3.0.0"),
        ["major-image: Deployment app app: 2.4.0 → 3.0.0"],
    ),
    "an image from elsewhere": (
        changed(WORKLOAD, f"{CONTAINER}/image", "example.com/app:2.4.0"),
        ["major-image: Deployment app app: example.org/app:2.4.0 → example.com/app:2.4.0"],
    ),
    "an earlier image": (
        changed(DATABASE, "spec/imageName", "example.org/postgresql:17.9"),
        ["older-image: Cluster photos database: 18.1 → 17.9"],
    ),
    "a major version of a chart": (
        changed(WORKLOAD, "metadata/labels", {"helm.sh/chart": "kube-app-2-2.0.0"}),
        ["major-chart: chart kube-app-2 1.4.0 → 2.0.0"],
    ),
}


@pytest.mark.parametrize("case", UPDATES)
def test_an_update_has_exactly_these_dangers(case: str) -> None:
    new, expected = UPDATES[case]

    assert found(EVERYTHING, new) == expected


def test_every_kind_of_danger_in_objects_is_found_by_one_of_these_updates() -> None:
    assert {line.partition(":")[0] for _, lines in UPDATES.values() for line in lines} == KINDS.keys() - OF_PROMOTION


@pytest.mark.parametrize(
    "new",
    [
        EVERYTHING,
        changed(CLAIM, "spec/resources/requests/storage", "3Gi"),
        changed(WORKLOAD, f"{CONTAINER}/image", "example.org/app:2.5.1"),
        changed(WORKLOAD, "spec/replicas", 2),
        changed(WORKLOAD, "metadata/labels", {"helm.sh/chart": "kube-app-2-1.5.0"}),
        changed(ROLE, "rules/0/verbs", []),
        tuple(text for text in EVERYTHING if text not in {POLICY, WORKLOAD}),
    ],
)
def test_what_can_be_taken_back_is_no_danger(new: tuple[str, ...]) -> None:
    assert found(EVERYTHING, new) == []


def test_a_first_release_has_no_danger() -> None:
    assert found((), EVERYTHING) == []


def test_a_claim_that_argocd_keeps_is_called_so() -> None:
    kept = with_value(CLAIM, "metadata/annotations", {"argocd.argoproj.io/sync-options": "Prune=false"})

    assert found((kept, SERVICE), (SERVICE,)) == [
        "removed-claim: PersistentVolumeClaim config is removed; Argo CD keeps it, by Prune=false"
    ]


def test_names_are_accepted_one_by_one_and_an_unknown_one_is_refused() -> None:
    assert accepted_names("removed-claim, more-rights") == {"removed-claim", "more-rights"}
    assert accepted_names("") == frozenset()
    with pytest.raises(WorkspaceError) as raised:
        accepted_names("removed-claims")

    assert str(raised.value) == "--accept: there is no danger 'removed-claims'\n    hint: did you mean 'removed-claim'?"
