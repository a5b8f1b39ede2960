"""Page `observability/prometheus`: whether everything is seen, and alerts are sent."""

from __future__ import annotations

from dashboards.model import (
    Choice,
    Colour,
    Column,
    Dashboard,
    Row,
    Step,
    bad_from,
    bars,
    metric,
    rising,
    series,
    stat,
    table,
)

PROMETHEUS = Dashboard(
    uid="observability-prometheus",
    title="Prometheus and Alertmanager",
    folder="observability",
    about="Whether everything is seen, rules are evaluated, and alerts are sent.",
    choices=(Choice(name="job", title="Job", metric="up", label="job"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Targets that do not answer",
                    'count(up{job=~"$job"} == 0) or vector(0)',
                    steps=bad_from(1),
                    about="Down, not let through by a network policy, or another address than announced.",
                    link="/d/alert-TargetDown",
                ),
                stat(
                    "Rules that fail, last hour",
                    "sum(increase(prometheus_rule_evaluation_failures_total[1h]))",
                    steps=bad_from(1),
                    decimals=0,
                    about="Their alerts do not fire.",
                    link="/d/alert-RuleFailing",
                ),
                stat(
                    "Configuration is taken",
                    "min(prometheus_config_last_reload_successful)",
                    words=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD)),
                    about="No: a file has a fault, and the one before it is still used.",
                ),
                stat(
                    "Series in memory",
                    "sum(prometheus_tsdb_head_series)",
                    steps=rising(400_000, 800_000),
                    about="Each takes a few kilobytes; many new ones have a label that is different every time.",
                ),
                stat(
                    "Disk against its limit",
                    "(prometheus_tsdb_storage_blocks_bytes + prometheus_tsdb_wal_storage_size_bytes)"
                    " / (prometheus_tsdb_retention_limit_bytes > 0)",
                    unit="percentunit",
                    steps=rising(1.1, 1.2),
                    about="Around one, the oldest days are removed before their time.",
                ),
                stat(
                    "Goes back",
                    "time() - prometheus_tsdb_lowest_timestamp_seconds",
                    unit="s",
                    base=Colour.PLAIN,
                    about="Age of the oldest figure.",
                ),
            ),
        ),
        Row(
            title="Targets",
            panels=(
                table(
                    "Targets that do not answer",
                    metric('sum by (job, namespace, service, pod, instance) (up{job=~"$job"} == 0)'),
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
                    metric('max by (job) (scrape_duration_seconds{job=~"$job"})', "{{job}}"),
                    unit="s",
                    steps=rising(5, 10),
                    about="At ten seconds Prometheus gives up.",
                ),
                bars(
                    "Figures of each job",
                    metric('topk(15, sum by (job) (scrape_samples_scraped{job=~"$job"}))', "{{job}}"),
                    about="Who fills the memory.",
                ),
                series(
                    "New series",
                    metric('sum by (job) (rate(scrape_series_added{job=~"$job"}[$__rate_interval]))', "{{job}}"),
                    unit="ops",
                    about="All the time: a label with a value that does not come again.",
                ),
            ),
        ),
        Row(
            title="Rules and questions",
            panels=(
                series(
                    "Time of each group of rules",
                    metric("max by (rule_group) (prometheus_rule_group_last_duration_seconds)", "{{rule_group}}"),
                    unit="s",
                    width=8,
                ),
                series(
                    "Rounds that were left out",
                    metric(
                        "sum by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[$__rate_interval]))",
                        "{{rule_group}}",
                    ),
                    steps=bad_from(1),
                    width=8,
                    about="The round before it was not done in time.",
                ),
                series(
                    "Questions",
                    metric(
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
            needs=("alertmanager",),
            panels=(
                stat(
                    "Alertmanagers that Prometheus knows",
                    "min(prometheus_notifications_alertmanagers_discovered)",
                    base=Colour.BAD,
                    steps=(Step(at=1, colour=Colour.GOOD),),
                    about="None: alerts reach nobody.",
                    width=6,
                ),
                stat(
                    "Messages that failed, last hour",
                    "sum(increase(alertmanager_notifications_failed_total[1h])) or vector(0)",
                    steps=bad_from(1),
                    decimals=0,
                    about="The receiver refused them or was not reached; by kind below.",
                    width=6,
                ),
                stat(
                    "Silences",
                    'sum(alertmanager_silences{state="active"}) or vector(0)',
                    base=Colour.PLAIN,
                    about="What is not told on purpose.",
                    width=6,
                ),
                stat(
                    "Its configuration is taken",
                    "min(alertmanager_config_last_reload_successful)",
                    words=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD)),
                    about="No: the one before it is still used.",
                    width=6,
                ),
                series(
                    "Messages",
                    metric(
                        "sum by (integration) (increase(alertmanager_notifications_total[$__rate_interval]))",
                        "{{integration}} sent",
                    ),
                    metric(
                        "sum by (integration, reason) (increase(alertmanager_notifications_failed_total[$__rate_interval]))",
                        "{{integration}} failed: {{reason}}",
                    ),
                ),
                series(
                    "Alerts by state",
                    metric("sum by (state) (alertmanager_alerts)", "{{state}}"),
                    about="Suppressed ones are silenced, or follow from another.",
                ),
            ),
        ),
    ),
)
