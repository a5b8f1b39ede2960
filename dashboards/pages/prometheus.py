"""Page `observability/prometheus`: scrape targets, storage and delivery of alerts."""

from __future__ import annotations

from dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Row,
    Threshold,
    Variable,
    bad_from,
    bars,
    promql,
    rising,
    series,
    stat,
    table,
)

PROMETHEUS = Dashboard(
    uid="observability-prometheus",
    title="Prometheus and Alertmanager",
    folder="observability",
    description="Whether everything is seen, rules are evaluated, and alerts are sent.",
    variables=(Variable(name="job", title="Job", metric="up", label="job"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Targets that do not answer",
                    'count(up{job=~"$job"} == 0) or vector(0)',
                    thresholds=bad_from(1),
                    description="Down, not let through by a network policy, or another address than announced.",
                    link="/d/alert-TargetDown",
                ),
                stat(
                    "Rules that fail, last hour",
                    "sum(increase(prometheus_rule_evaluation_failures_total[1h]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="Their alerts do not fire.",
                    link="/d/alert-RuleFailing",
                ),
                stat(
                    "Configuration is taken",
                    "min(prometheus_config_last_reload_successful)",
                    mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD)),
                    description="No: a file has a fault, and the one before it is still used.",
                ),
                stat(
                    "Series in memory",
                    "sum(prometheus_tsdb_head_series)",
                    thresholds=rising(400_000, 800_000),
                    description="Each takes a few kilobytes; many new ones have a label that is different every time.",
                ),
                stat(
                    "Disk against its limit",
                    "(prometheus_tsdb_storage_blocks_bytes + prometheus_tsdb_wal_storage_size_bytes)"
                    " / (prometheus_tsdb_retention_limit_bytes > 0)",
                    unit="percentunit",
                    thresholds=rising(1.1, 1.2),
                    description="Around one, the oldest days are removed before their time.",
                ),
                stat(
                    "Goes back",
                    "time() - prometheus_tsdb_lowest_timestamp_seconds",
                    unit="s",
                    base=Colour.PLAIN,
                    description="Age of the oldest figure.",
                ),
            ),
        ),
        Row(
            title="Targets",
            panels=(
                table(
                    "Targets that do not answer",
                    promql('sum by (job, namespace, service, pod, instance) (up{job=~"$job"} == 0)'),
                    columns=(
                        Column(field="job", title="Job"),
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="service", title="Service"),
                        Column(field="pod", title="Pod"),
                        Column(field="instance", title="Address"),
                        Column(field="Value", title="Up", width=60),
                    ),
                ),
                series(
                    "Time that answers take",
                    promql('max by (job) (scrape_duration_seconds{job=~"$job"})', "{{job}}"),
                    unit="s",
                    thresholds=rising(5, 10),
                    description="At ten seconds Prometheus gives up.",
                ),
                bars(
                    "Figures of each job",
                    promql('topk(15, sum by (job) (scrape_samples_scraped{job=~"$job"}))', "{{job}}"),
                    description="Who fills the memory.",
                ),
                series(
                    "New series",
                    promql('sum by (job) (rate(scrape_series_added{job=~"$job"}[$__rate_interval]))', "{{job}}"),
                    unit="ops",
                    description="All the time: a label with a value that does not come again.",
                ),
            ),
        ),
        Row(
            title="Rules and questions",
            panels=(
                series(
                    "Time of each group of rules",
                    promql("max by (rule_group) (prometheus_rule_group_last_duration_seconds)", "{{rule_group}}"),
                    unit="s",
                    width=8,
                ),
                series(
                    "Rounds that were left out",
                    promql(
                        "sum by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[$__rate_interval]))",
                        "{{rule_group}}",
                    ),
                    thresholds=bad_from(1),
                    width=8,
                    description="The round before it was not done in time.",
                ),
                series(
                    "Questions",
                    promql(
                        "sum by (handler, code) (rate(prometheus_http_requests_total[$__rate_interval]))",
                        "{{handler}} {{code}}",
                    ),
                    unit="reqps",
                    width=8,
                ),
            ),
        ),
        Row(
            title="Alertmanager",
            requires=("alertmanager",),
            panels=(
                stat(
                    "Alertmanagers that Prometheus knows",
                    "min(prometheus_notifications_alertmanagers_discovered)",
                    base=Colour.BAD,
                    thresholds=(Threshold(at=1, colour=Colour.GOOD),),
                    description="None: alerts reach nobody.",
                    width=6,
                ),
                stat(
                    "Messages that failed, last hour",
                    "sum(increase(alertmanager_notifications_failed_total[1h])) or vector(0)",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="The receiver refused them or was not reached; by kind below.",
                    width=6,
                ),
                stat(
                    "Silences",
                    'sum(alertmanager_silences{state="active"}) or vector(0)',
                    base=Colour.PLAIN,
                    description="What is not told on purpose.",
                    width=6,
                ),
                stat(
                    "Its configuration is taken",
                    "min(alertmanager_config_last_reload_successful)",
                    mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD)),
                    description="No: the one before it is still used.",
                    width=6,
                ),
                series(
                    "Messages",
                    promql(
                        "sum by (integration) (increase(alertmanager_notifications_total[$__rate_interval]))",
                        "{{integration}} sent",
                    ),
                    promql(
                        "sum by (integration, reason) (increase(alertmanager_notifications_failed_total[$__rate_interval]))",
                        "{{integration}} failed: {{reason}}",
                    ),
                ),
                series(
                    "Alerts by state",
                    promql("sum by (state) (alertmanager_alerts)", "{{state}}"),
                    description="Suppressed ones are silenced, or follow from another.",
                ),
            ),
        ),
    ),
)
