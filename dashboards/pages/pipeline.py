"""Page `observability/pipeline`: whether log lines are collected, ingested and stored."""

from __future__ import annotations

from dashboards.model import Dashboard, Row, bad_from, promql, rising, series, stat

PIPELINE = Dashboard(
    uid="observability-pipeline",
    title="Loki and Alloy",
    folder="observability",
    description="Whether lines are collected, taken and kept.",
    requires=("loki", "alloy"),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Lines that were lost, last hour",
                    "sum(increase(loki_write_dropped_entries_total[1h])) or vector(0)",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="Alloy gave up on them; the reason stands below.",
                    width=6,
                ),
                stat(
                    "Lines that Loki refused, last hour",
                    "sum(increase(loki_discarded_samples_total[1h])) or vector(0)",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="Too old, too long, too many at once, or too many labels.",
                    width=6,
                ),
                stat(
                    "Parts of Alloy that are not healthy",
                    'sum(alloy_component_controller_running_components{health_type!="healthy"}) or vector(0)',
                    thresholds=bad_from(1),
                    description="Its own page says which and why.",
                    width=6,
                ),
                stat(
                    "Old lines were removed",
                    "time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds)",
                    unit="s",
                    thresholds=rising(6 * 3600, 24 * 3600),
                    description="Since the last good run of the compactor; without it the volume fills.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Alloy",
            panels=(
                series(
                    "Lines sent",
                    promql("sum(rate(loki_write_sent_entries_total[$__rate_interval]))", "sent"),
                    promql(
                        "sum by (reason) (rate(loki_write_dropped_entries_total[$__rate_interval]))", "lost: {{reason}}"
                    ),
                    unit="ops",
                ),
                series(
                    "Lines left out on purpose",
                    promql("sum by (reason) (rate(loki_process_dropped_lines_total[$__rate_interval]))", "{{reason}}"),
                    unit="ops",
                    description="Probes of the kubelet, and pods that write more than their share.",
                ),
            ),
        ),
        Row(
            title="Loki",
            panels=(
                series(
                    "Lines and bytes that come in",
                    promql("sum(rate(loki_distributor_lines_received_total[$__rate_interval]))", "lines"),
                    unit="ops",
                    width=8,
                ),
                series(
                    "Refused",
                    promql("sum by (reason) (rate(loki_discarded_samples_total[$__rate_interval]))", "{{reason}}"),
                    unit="ops",
                    width=8,
                ),
                series(
                    "Streams in memory",
                    promql("sum(loki_ingester_memory_streams)", "streams"),
                    width=8,
                    description="Each is one set of labels.",
                ),
                series(
                    "Answers by status",
                    promql(
                        "sum by (route, status_code) (rate(loki_request_duration_seconds_count[$__rate_interval]))",
                        "{{route}} {{status_code}}",
                    ),
                    unit="reqps",
                ),
                series(
                    "Nineteen of twenty answers within",
                    promql(
                        "histogram_quantile(0.95, sum by (route, le) (rate(loki_request_duration_seconds_bucket[$__rate_interval])))",
                        "{{route}}",
                    ),
                    unit="s",
                    thresholds=rising(5, 20),
                ),
            ),
        ),
    ),
)
