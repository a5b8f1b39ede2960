"""Page `delivery/argocd`: Argo CD, and the sealed secrets that it syncs."""

from __future__ import annotations

from dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Row,
    Variable,
    bad_from,
    log,
    promql,
    rising,
    series,
    stat,
    table,
)

APP = 'name=~"$application"'
ARGOCD = Dashboard(
    uid="delivery-argocd",
    title="Argo CD",
    folder="delivery",
    description="Whether the cluster is what is pinned, and what holds it up.",
    variables=(Variable(name="application", title="Application", metric="argocd_app_info", label="name"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Not synced",
                    f'count(argocd_app_info{{sync_status!="Synced", {APP}}} == 1) or vector(0)',
                    thresholds=bad_from(1),
                    description="The cluster differs from what is pinned.",
                    link="/d/alert-ApplicationNotSynced",
                ),
                stat(
                    "Not healthy",
                    f'count(argocd_app_info{{health_status!="Healthy", {APP}}} == 1) or vector(0)',
                    thresholds=bad_from(1),
                    description="Something of the application does not run, or not yet.",
                    link="/d/alert-ApplicationUnhealthy",
                ),
                stat(
                    "Syncs that failed, last day",
                    f'sum(increase(argocd_app_sync_total{{phase=~"Error|Failed", {APP}}}[1d])) or vector(0)',
                    thresholds=bad_from(1),
                    decimals=0,
                    description="The message stands in the application's last operation.",
                ),
                stat(
                    "Cluster is reached",
                    "min(argocd_cluster_connection_status)",
                    mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD)),
                    description="Whether the controller has a connection to the API server.",
                ),
                stat(
                    "Charts that could not be had, last hour",
                    "sum(increase(argocd_oci_test_repo_fail_total[1h])"
                    " + increase(argocd_oci_resolve_revision_fail_total[1h])"
                    " + increase(argocd_oci_extract_fail_total[1h])) or vector(0)",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="The registry does not answer, or does not have the pinned digest.",
                ),
                stat(
                    "Renders that wait",
                    "sum(argocd_repo_pending_request_total) or vector(0)",
                    thresholds=rising(5, 20),
                    description="Each takes a helm process, and only some run at once.",
                ),
            ),
        ),
        Row(
            title="Applications",
            panels=(
                table(
                    "Applications",
                    promql(
                        f"sum by (name, dest_namespace, sync_status, health_status, operation) (argocd_app_info{{{APP}}})"
                    ),
                    columns=(
                        Column(field="name", title="Application"),
                        Column(
                            field="dest_namespace",
                            title="Namespace",
                            link="/d/platform-workloads?var-namespace=${__value.raw}",
                        ),
                        Column(field="sync_status", title="Sync"),
                        Column(field="health_status", title="Health"),
                        Column(field="operation", title="Operation"),
                        Column(field="Value", title="How many", width=100),
                    ),
                ),
                table(
                    "What they complain about",
                    promql(f"sum by (name, condition) (argocd_app_condition{{{APP}}}) > 0"),
                    columns=(
                        Column(field="name", title="Application"),
                        Column(field="condition", title="Condition"),
                        Column(field="Value", title="How often", width=100),
                    ),
                    description="ComparisonError: the chart cannot be had or does not render. SyncError: the API server refused an object.",
                ),
                series(
                    "Syncs by their end",
                    promql(
                        f"sum by (name, phase) (increase(argocd_app_sync_total{{{APP}}}[$__rate_interval]))",
                        "{{name}} {{phase}}",
                    ),
                    description="An application that syncs all the time fights with somebody who changes its objects back.",
                ),
                series(
                    "Time that syncs took",
                    promql(
                        f"sum by (name) (rate(argocd_app_sync_duration_seconds_total{{{APP}}}[$__rate_interval]))",
                        "{{name}}",
                    ),
                    unit="percentunit",
                    description="Share of the time in which an application is in a sync.",
                ),
            ),
        ),
        Row(
            title="Controller and repo server",
            panels=(
                series(
                    "Nineteen of twenty comparisons within",
                    promql(
                        "histogram_quantile(0.95, sum by (le) (rate(argocd_app_reconcile_bucket[$__rate_interval])))",
                        "compare",
                    ),
                    unit="s",
                    thresholds=rising(10, 60),
                    width=8,
                    description="How long the controller needs to compare one application.",
                ),
                series(
                    "Nineteen of twenty answers of the registry within",
                    promql(
                        "histogram_quantile(0.95, sum by (request_type, le)"
                        " (rate(argocd_oci_request_duration_seconds_bucket[$__rate_interval])))",
                        "{{request_type}}",
                    ),
                    unit="s",
                    width=8,
                ),
                series(
                    "Memory",
                    promql(
                        'sum by (container, pod) (container_memory_working_set_bytes{namespace="argocd", container!=""})',
                        "{{pod}} {{container}}",
                    ),
                    unit="bytes",
                    width=8,
                    link="/d/platform-workloads?var-namespace=argocd",
                ),
            ),
        ),
        Row(
            title="Sealed secrets",
            panels=(
                table(
                    "Secrets that could not be opened",
                    promql("sum by (namespace, name, condition) (sealed_secrets_controller_condition_info == -1)"),
                    columns=(
                        Column(field="namespace", title="Namespace"),
                        Column(field="name", title="Secret", link="/d/alert-SealedSecretNotOpened"),
                        Column(field="condition", title="Condition"),
                        Column(field="Value", title="State", width=100),
                    ),
                ),
                series(
                    "Opened and failed",
                    promql("sum(increase(sealed_secrets_controller_unseal_requests_total[$__rate_interval]))", "asked"),
                    promql(
                        "sum by (reason, namespace) (increase(sealed_secrets_controller_unseal_errors_total[$__rate_interval]))",
                        "{{namespace}} {{reason}}",
                    ),
                    description="`unseal` means that it was sealed for another cluster, name or namespace.",
                ),
            ),
        ),
        Row(
            title="Logs",
            requires=("loki",),
            panels=(log("Errors of Argo CD", '{namespace="argocd"} |~ `level=(error|fatal)`'),),
        ),
    ),
)
