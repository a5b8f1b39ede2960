"""Page `platform/overview`: what is wrong now, and where to look."""

from __future__ import annotations

from dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Row,
    bad_from,
    falling,
    lines,
    metric,
    rising,
    series,
    stat,
    table,
)

RUNBOOK = "/d/alert-${__data.fields.Alert}"
POD = "/d/platform-workloads?var-namespace=${__data.fields.Namespace}&var-pod=${__data.fields.Pod}"
NODE = "/d/platform-nodes?var-node=${__data.fields.Node}"
BEHIND = (
    "(kube_deployment_spec_replicas - kube_deployment_status_replicas_available > 0)"
    ' or (label_replace(kube_statefulset_replicas - kube_statefulset_status_replicas_ready > 0, "deployment", "$1", "statefulset", "(.+)"))'
    " or (label_replace(kube_daemonset_status_desired_number_scheduled - kube_daemonset_status_number_ready > 0,"
    ' "deployment", "$1", "daemonset", "(.+)"))'
)
"""Workloads with fewer ready pods than they want, by how many; every kind under one label."""

OVERVIEW = Dashboard(
    uid="platform-overview",
    title="Platform",
    folder="platform",
    about="What is wrong now, and where to look.",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Alerts that fire",
                    'count(ALERTS{alertstate="firing", severity=~"critical|warning"}) or vector(0)',
                    steps=bad_from(1),
                    about="Warnings and critical alerts that are past their waiting time. The table below leads to their runbooks.",
                ),
                stat(
                    "Targets that do not answer",
                    "count(up == 0) or vector(0)",
                    steps=bad_from(1),
                    about="Services whose figures cannot be read; all their other panels show old values or none.",
                    link="/d/observability-prometheus",
                ),
                stat(
                    "Workloads with too few pods",
                    f"count({BEHIND}) or vector(0)",
                    steps=bad_from(1),
                    about="Deployments, StatefulSets and DaemonSets with fewer ready pods than they want.",
                    link="/d/platform-workloads",
                ),
                stat(
                    "Nodes that are not ready",
                    'count(kube_node_status_condition{condition="Ready", status="true"} == 0) or vector(0)',
                    steps=bad_from(1),
                    about="Nodes that the control plane gets no good word from.",
                    link="/d/platform-nodes",
                ),
                stat(
                    "Applications not as pinned",
                    'count(argocd_app_info{sync_status!="Synced"} == 1 or argocd_app_info{health_status!="Healthy"} == 1) or vector(0)',
                    steps=rising(1, 3),
                    about="Applications of Argo CD that are not synced or not healthy.",
                    link="/d/delivery-argocd",
                ),
                stat(
                    "Next certificate ends in",
                    "min(certmanager_certificate_expiration_timestamp_seconds > 0) - time()",
                    unit="s",
                    base=Colour.BAD,
                    steps=falling(7 * 86400, 14 * 86400),
                    about="The shortest life of all certificates; they are renewed a month before their end.",
                    link="/d/edge-certificates",
                ),
            ),
        ),
        Row(
            title="What fires, and what to do",
            panels=(
                table(
                    "Alerts",
                    metric(
                        "count by (alertname, severity, namespace, node, pod, service, name)"
                        ' (ALERTS{alertstate="firing", severity=~"critical|warning"})'
                    ),
                    columns=(
                        Column(field="alertname", title="Alert", link=RUNBOOK, width=220),
                        Column(field="severity", title="Severity", width=100),
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="node", title="Node", link=NODE),
                        Column(field="pod", title="Pod", link=POD),
                        Column(field="service", title="Service"),
                        Column(field="name", title="Object"),
                        Column(field="Value", title="How many", width=100),
                    ),
                    about="A click on the name opens the runbook.",
                    width=24,
                ),
            ),
        ),
        Row(
            title="What does not run",
            panels=(
                table(
                    "Workloads with too few pods",
                    metric(f"sum by (namespace, deployment) ({BEHIND})"),
                    columns=(
                        Column(
                            field="namespace",
                            title="Namespace",
                            link="/d/platform-workloads?var-namespace=${__value.raw}",
                        ),
                        Column(field="deployment", title="Workload"),
                        Column(field="Value", title="Missing", steps=bad_from(1), width=100),
                    ),
                ),
                table(
                    "Containers that wait or end",
                    metric(
                        "sum by (namespace, pod, container, reason)"
                        ' (kube_pod_container_status_waiting_reason{reason!="ContainerCreating"} == 1)'
                    ),
                    columns=(
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="pod", title="Pod", link=POD),
                        Column(field="container", title="Container"),
                        Column(field="reason", title="Reason"),
                        Column(field="Value", title="How many", width=100),
                    ),
                    about="Why the kubelet does not start a container: an image that cannot be had, a secret that is missing, a program that ends.",
                ),
            ),
        ),
        Row(
            title="Load",
            panels=(
                series(
                    "Processors of each node",
                    metric("node:processor_busy:ratio", "{{node}}"),
                    unit="percentunit",
                    maximum=1,
                    steps=rising(0.8, 0.95),
                    width=8,
                    link="/d/platform-nodes",
                    about="Share of the processors that is busy.",
                ),
                series(
                    "Memory of each node",
                    metric("1 - node:memory_available:ratio", "{{node}}"),
                    unit="percentunit",
                    maximum=1,
                    steps=rising(0.85, 0.95),
                    width=8,
                    link="/d/platform-nodes",
                    about="Share of the memory that cannot be given to anybody.",
                ),
                series(
                    "Requests that failed",
                    metric("100 * service:errors:ratio5m", "{{service}}"),
                    unit="percent",
                    steps=rising(1, 5),
                    width=8,
                    link="/d/edge-traefik",
                    about="Share of the answers of each route that are errors of the server.",
                ),
            ),
        ),
        Row(
            title="Lines that speak of errors",
            needs=("loki",),
            panels=(
                series(
                    "By namespace and service",
                    lines(
                        'sum by (namespace, app) (count_over_time({namespace=~".+"} |~ `(?i)\\b(error|fatal|panic)\\b` [$__auto]))',
                        "{{namespace}} {{app}}",
                    ),
                    stacked=True,
                    width=24,
                    link="/d/observability-logs",
                    about="Count of lines with the words error, fatal or panic.",
                ),
            ),
        ),
    ),
)
