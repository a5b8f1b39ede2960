"""Which Secrets rendered objects refer to, who makes them, what is missing, and what is wrong with that."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from slipway.build import render
from slipway.core.model import ChartKind
from slipway.secrets import inventory, producers, references
from slipway.secrets.inventory import DeclaredSecret, RenderedNamespace, SecretEntry
from slipway.secrets.sealed_secret import NamespacedName, SealedSecret
from slipway.workspace.values.effective import members_with
from testing.memory import chart, workspace

POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: infra}
spec:
  template:
    spec:
      serviceAccountName: app
      imagePullSecrets: [{name: pulls}]
      initContainers:
        - {name: init, envFrom: [{secretRef: {name: start, optional: true}}, {configMapRef: {name: facts}}]}
      containers:
        - name: app
          env:
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: admin, key: password}}}
            - {name: MODE, valueFrom: {configMapKeyRef: {name: facts, key: mode}}}
      volumes:
        - {name: keys, secret: {secretName: keys, items: [{key: a, path: a}, {key: b, path: b}]}}
        - {name: both, projected: {sources: [{secret: {name: joined, optional: true}}, {configMap: {name: facts}}]}}
"""
CUSTOM = """
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt}
spec:
  acme:
    privateKeySecretRef: {name: account}
    solvers: [{dns01: {cloudflare: {apiTokenSecretRef: {name: cloudflare, key: api-token}}}}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: wildcard, namespace: infra}
spec: {secretName: wildcard-tls, keystores: {jks: {passwordSecretRef: {name: store, key: password}}}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: app, namespace: infra}
spec: {tls: {secretName: wildcard-tls}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: login, namespace: infra}
spec: {basicAuth: {secret: users}}
---
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: inner, namespace: infra}
spec: {rootCAsSecrets: [authority], certificatesSecrets: [client]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: media, namespace: infra}
spec:
  superuserSecret: {name: super}
  enableSuperuserAccess: true
  monitoring: {customQueriesConfigMap: [{name: queries, key: text}]}
  backup: {barmanObjectStore: {s3Credentials: {accessKeyId: {name: bucket, key: id}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks, annotations: {cert-manager.io/inject-ca-from-secret: infra/hooks-ca}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: text, namespace: infra}
data: {secretName: not-one}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: infra}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get, update], resourceNames: [admin]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: infra}
roleRef: {kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: app, namespace: infra}]
"""
OBJECTS = render.parse(POD + CUSTOM)
ADMIN = DeclaredSecret(
    chart="app", key="app", name="admin", keys=("password",), purpose="Login", producer="", generate={}
)


def found(text: str) -> set[tuple[str, str, bool]]:
    seen = references.references(render.parse(text), "infra")
    return {(item.name, item.key, item.optional) for item in seen}


def test_a_pod_refers_to_secrets_in_variables_volumes_and_pulls() -> None:
    assert found(POD) == {
        ("admin", "password", False),
        ("start", "", True),
        ("keys", "a", False),
        ("keys", "b", False),
        ("joined", "", True),
        ("pulls", "", False),
    }


def test_other_objects_refer_to_them_by_the_fields_of_their_definitions() -> None:
    assert found(CUSTOM) == {
        ("cloudflare", "api-token", False),
        ("store", "password", False),
        ("wildcard-tls", "", False),
        ("users", "", False),
        ("authority", "", False),
        ("client", "", False),
        ("super", "", False),
        ("bucket", "id", False),
        ("hooks-ca", "", False),
    }


def test_a_kind_declares_the_secrets_that_it_creates() -> None:
    made = references.producers_of(OBJECTS)

    assert made == {
        "account": "ClusterIssuer/letsencrypt",
        "wildcard-tls": "Certificate/wildcard",
        **{f"media-{name}": "Cluster/media" for name in ("app", "ca", "server", "replication")},
    }


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("{}", {"app", "ca", "server", "replication"}),
        ("{bootstrap: {initdb: {secret: {name: own}}}}", {"ca", "server", "replication"}),
        ("{enableSuperuserAccess: true}", {"app", "ca", "server", "replication", "superuser"}),
        ("{certificates: {serverCASecret: own}}", {"app", "ca", "server", "replication"}),
        (
            "{certificates: {serverCASecret: own, clientCASecret: own, serverTLSSecret: own}}",
            {"app", "replication"},
        ),
    ],
)
def test_a_database_makes_what_nobody_gives_it(spec: str, wanted: set[str]) -> None:
    (item,) = render.parse(f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: x}}\nspec: {spec}\n")

    assert {name.removeprefix("x-") for name in references.created_secrets(item)} == wanted


# The list


def listed(
    *declared: DeclaredSecret, sealed: Mapping[NamespacedName, SealedSecret] | None = None
) -> dict[str, SecretEntry]:
    space = RenderedNamespace(name="infra", objects=OBJECTS, declared=declared)
    return {entry.name: entry for entry in inventory.secret_entries("staging", [space], sealed or {})}


def sealed_as(name: str, *keys: str) -> dict[NamespacedName, SealedSecret]:
    target = NamespacedName(namespace="infra", name=name)
    return {target: SealedSecret(target=target, values=dict.fromkeys(keys, "x"))}


def test_a_secret_that_nobody_makes_is_missing_with_the_command_that_seals_it() -> None:
    entry = listed(replace(ADMIN, keys=("user", "password"), generate={"password": "password:64"}))["admin"]

    assert (entry.producer, entry.missing) == ("", ("user", "password"))
    assert entry.readers == ("Deployment app, app: PASSWORD",)
    assert entry.command == (
        "./inv seal --env staging --namespace infra --name admin --key user --generate password:64"
    )


def test_a_sealed_secret_that_lacks_a_key_is_reported_with_that_key() -> None:
    entry = listed(replace(ADMIN, keys=("user", "password")), sealed=sealed_as("admin", "user"))["admin"]

    assert (entry.producer, entry.missing) == ("SealedSecret", ("password",))
    assert entry.command.endswith("--name admin --key password")
    assert listed(ADMIN, sealed=sealed_as("admin", "password"))["admin"].missing == ()


def test_what_an_object_makes_or_a_person_does_is_not_missing() -> None:
    entries = listed(replace(ADMIN, producer="hand"))

    assert (entries["admin"].producer, entries["admin"].missing) == ("hand", ())
    assert (entries["wildcard-tls"].producer, entries["wildcard-tls"].missing) == ("Certificate wildcard", ())
    assert entries["media-app"].producer == "Cluster media"


def test_a_secret_that_is_only_read_when_it_is_there_is_optional() -> None:
    entries = listed(replace(ADMIN, name="switched-off"))

    assert entries["start"].optional
    assert entries["switched-off"].optional
    assert not entries["admin"].optional


def test_a_key_that_every_reader_starts_without_does_not_make_its_secret_missing() -> None:
    more = "            - {name: MAIL, valueFrom: {secretKeyRef: {name: admin, key: mail, optional: true}}}\n"
    objects = render.parse(POD.replace("          env:\n", f"          env:\n{more}"))
    answer = replace(ADMIN, keys=("password", "mail"))
    space = RenderedNamespace(name="infra", objects=objects, declared=(answer,))

    def entry(*keys: str) -> SecretEntry:
        every = inventory.secret_entries("staging", [space], sealed_as("admin", *keys))
        return next(item for item in every if item.name == "admin")

    assert (entry("password").missing, entry("password").optional) == (("mail",), True)
    assert (entry("mail").missing, entry("mail").optional) == (("password",), False)


def test_a_sealed_secret_that_nothing_refers_to_is_listed_too() -> None:
    entry = listed(sealed=sealed_as("repository", "password"))["repository"]

    assert (entry.readers, entry.missing, entry.producer) == ((), (), "SealedSecret")


def test_members_that_are_off_declare_nothing_and_an_environment_may_declare_more() -> None:
    values = b"secrets:\n  admin: {keys: [a], purpose: Login}\n"
    charts = (chart("one", files={"values.yaml": values}), chart("two", files={"values.yaml": values}))
    umbrella = chart(
        "infra",
        ChartKind.UMBRELLA,
        needs=[("one", "1.0.0"), ("two", "1.0.0")],
        files={"values.yaml": b"two: {enabled: false}\n"},
    )
    above: list[Mapping[str, object]] = [{"one": {"secrets": {"admin": {"name": "other", "producer": "hand"}}}}]

    (found,) = inventory.declared_secrets(members_with(workspace(*charts, umbrella), umbrella, above))

    assert (found.chart, found.name, found.keys, found.producer) == ("one", "other", ("a",), "hand")


# The rule


def problems(
    *declared: DeclaredSecret, objects: str = POD, sealed: Mapping[NamespacedName, SealedSecret] | None = None
) -> list[str]:
    rendered = render.parse(objects + CUSTOM[CUSTOM.index("---\napiVersion: rbac") :])
    space = RenderedNamespace(name="infra", objects=rendered, declared=declared)
    return [str(problem) for problem in producers.producer_problems(space, sealed or {}, "staging")]


OTHERS = tuple(replace(ADMIN, name=name, keys=("a", "b")) for name in ("keys", "pulls"))


def test_what_is_read_is_declared() -> None:
    assert problems(ADMIN, *OTHERS) == []
    (message,) = problems(*OTHERS)
    assert message.startswith(
        "infra: Deployment app: app: PASSWORD refers to the Secret admin, which no chart declares and no object creates"
    )


def test_a_program_that_makes_a_secret_has_the_right_to() -> None:
    makes = replace(ADMIN, producer="Deployment/app")
    assert problems(makes, *OTHERS) == []

    (message,) = problems(replace(makes, name="keys", keys=("a", "b")), ADMIN, OTHERS[1])
    assert "its service account may neither create nor update it" in message


def test_a_producer_is_there_and_makes_that_very_secret() -> None:
    certificate = (
        "---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c}\nspec: {secretName: admin}\n"
    )

    assert problems(replace(ADMIN, producer="Certificate/c"), *OTHERS, objects=POD + certificate) == []
    (absent,) = problems(replace(ADMIN, producer="Certificate/d"), *OTHERS, objects=POD + certificate)
    assert "its producer Certificate/d is not rendered in infra" in absent
    (other,) = problems(ADMIN, replace(OTHERS[0], producer="Certificate/c"), OTHERS[1], objects=POD + certificate)
    assert "Certificate/c does not create the Secret keys" in other
    assert "it creates: admin" in other


def test_a_secret_has_one_producer() -> None:
    certificate = (
        "---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c}\nspec: {secretName: admin}\n"
    )
    twice = sealed_as("admin", "password")

    (by_kind,) = problems(ADMIN, *OTHERS, objects=POD + certificate, sealed=twice)
    (by_program,) = problems(replace(ADMIN, producer="Deployment/app"), *OTHERS, sealed=twice)

    assert by_kind.startswith("values/staging/sealed/infra/admin.yaml: Certificate/c creates the Secret admin too")
    assert "Deployment/app creates the Secret admin too" in by_program
    assert problems(replace(ADMIN, producer="hand"), *OTHERS, sealed=twice) == []


def test_only_keys_of_a_secret_are_generated() -> None:
    (message,) = problems(replace(ADMIN, generate={"pasword": "pasword"}), *OTHERS)

    assert "generates pasword, which is none of its keys" in message
