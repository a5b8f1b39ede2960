"""Page `platform/overview`: current problems, with links to the other pages."""

from __future__ import annotations

from dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Row,
    bad_from,
    falling,
    logql,
    promql,
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
"""Workloads with missing ready replicas, by number; all kinds have the same label."""

OVERVIEW = Dashboard(
    uid="platform-overview",
    title="Platform",
    folder="platform",
    description="What is wrong now, and where to look.",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Alerts that fire",
                    'count(ALERTS{alertstate="firing", severity=~"critical|warning"}) or vector(0)',
                    thresholds=bad_from(1),
                    description="Warnings and critical alerts that are past their waiting time. The table below leads to their runbooks.",
                ),
                stat(
                    "Targets that do not answer",
                    "count(up == 0) or vector(0)",
                    thresholds=bad_from(1),
                    description="Services whose metrics cannot be read; all their other panels show old values or none.",
                    link="/d/observability-prometheus",
                ),
                stat(
                    "Workloads with too few pods",
                    f"count({BEHIND}) or vector(0)",
                    thresholds=bad_from(1),
                    description="Deployments, StatefulSets and DaemonSets with fewer ready pods than they want.",
                    link="/d/platform-workloads",
                ),
                stat(
                    "Nodes that are not ready",
                    'count(kube_node_status_condition{condition="Ready", status="true"} == 0) or vector(0)',
                    thresholds=bad_from(1),
                    description="Nodes that the control plane gets no good word from.",
                    link="/d/platform-nodes",
                ),
                stat(
                    "Applications not as pinned",
                    'count(argocd_app_info{sync_status!="Synced"} == 1 or argocd_app_info{health_status!="Healthy"} == 1) or vector(0)',
                    thresholds=rising(1, 3),
                    description="Applications of Argo CD that are not synced or not healthy.",
                    link="/d/delivery-argocd",
                ),
                stat(
                    "Next certificate ends in",
                    "min(certmanager_certificate_expiration_timestamp_seconds > 0) - time()",
                    unit="s",
                    base=Colour.BAD,
                    thresholds=falling(7 * 86400, 14 * 86400),
                    description="The shortest life of all certificates; they are renewed a month before their end.",
                    link="/d/edge-certificates",
                ),
            ),
        ),
        Row(
            title="What fires, and what to do",
            panels=(
                table(
                    "Alerts",
                    promql(
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
                    description="A click on the name opens the runbook.",
                    width=24,
                ),
            ),
        ),
        Row(
            title="What does not run",
            panels=(
                table(
                    "Workloads with too few pods",
                    promql(f"sum by (namespace, deployment) ({BEHIND})"),
                    columns=(
                        Column(
                            field="namespace",
                            title="Namespace",
                            link="/d/platform-workloads?var-namespace=${__value.raw}",
                        ),
                        Column(field="deployment", title="Workload"),
                        Column(field="Value", title="Missing", thresholds=bad_from(1), width=100),
                    ),
                ),
                table(
                    "Containers that wait or end",
                    promql(
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
                    description="Why the kubelet does not start a container: an image that cannot be had, a secret that is missing, a program that ends.",
                ),
            ),
        ),
        Row(
            title="Load",
            panels=(
                series(
                    "Processors of each node",
                    promql("node:processor_busy:ratio", "{{node}}"),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.8, 0.95),
                    width=8,
                    link="/d/platform-nodes",
                    description="Share of the processors that is busy.",
                ),
                series(
                    "Memory of each node",
                    promql("1 - node:memory_available:ratio", "{{node}}"),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.85, 0.95),
                    width=8,
                    link="/d/platform-nodes",
                    description="Share of the memory that cannot be given to anybody.",
                ),
                series(
                    "Requests that failed",
                    promql("100 * service:errors:ratio5m", "{{service}}"),
                    unit="percent",
                    thresholds=rising(1, 5),
                    width=8,
                    link="/d/edge-traefik",
                    description="Share of the answers of each route that are errors of the server.",
                ),
            ),
        ),
        Row(
            title="Errors in logs",
            requires=("loki",),
            panels=(
                series(
                    "By namespace and service",
                    logql(
                        'sum by (namespace, app) (count_over_time({namespace=~".+"} |~ `(?i)\\b(error|fatal|panic)\\b` [$__auto]))',
                        "{{namespace}} {{app}}",
                    ),
                    stacked=True,
                    width=24,
                    link="/d/observability-logs",
                    description="Count of lines with the words error, fatal or panic.",
                ),
            ),
        ),
    ),
)
