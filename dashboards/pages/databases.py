"""Page `platform/databases`: PostgreSQL clusters."""

from __future__ import annotations

from dashboards.model import Column, Dashboard, Row, Variable, bad_from, promql, rising, series, stat, table

CLUSTER = 'pod=~"$pod"'
DATABASES = Dashboard(
    uid="platform-databases",
    title="Databases",
    folder="platform",
    description="PostgreSQL clusters of the CloudNativePG operator.",
    requires=("cloudnative-pg",),
    variables=(Variable(name="pod", title="Instance", metric="cnpg_collector_up", label="pod"),),
    rows=(
        Row(
            title="State",
            panels=(
                stat(
                    "Instances that are down",
                    f"count(cnpg_collector_up{{{CLUSTER}}} == 0) or vector(0)",
                    thresholds=bad_from(1),
                    description="Instances whose PostgreSQL does not answer its manager.",
                    width=6,
                ),
                stat(
                    "Oldest good backup",
                    f"time() - min(cnpg_collector_last_available_backup_timestamp{{{CLUSTER}}} > 0)",
                    unit="s",
                    thresholds=rising(36 * 3600, 72 * 3600),
                    description="Age of the last backup of the cluster that has waited longest; no value means that there never was one.",
                    width=6,
                ),
                stat(
                    "Journal that was not archived",
                    f'sum(cnpg_collector_pg_wal_archive_status{{value="ready", {CLUSTER}}}) or vector(0)',
                    thresholds=rising(5, 50),
                    description="Segments that wait for the archive; they fill the volume while it cannot be reached.",
                    width=6,
                ),
                stat(
                    "Largest delay of a replica",
                    f"max(cnpg_pg_replication_lag{{{CLUSTER}}}) or vector(0)",
                    unit="s",
                    thresholds=rising(10, 60),
                    description="How far behind the slowest standby is.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Work",
            panels=(
                series(
                    "Sessions by what they do",
                    promql(f"sum by (pod, state) (cnpg_backends_total{{{CLUSTER}}})", "{{pod}} {{state}}"),
                    stacked=True,
                    description="Many that are idle in transaction hold locks and keep old rows.",
                ),
                series(
                    "Sessions that wait for a lock",
                    promql(f"sum by (pod) (cnpg_backends_waiting_total{{{CLUSTER}}})", "{{pod}}"),
                    thresholds=rising(1, 10),
                    description="Somebody holds what they need; the longest transaction beside it is the suspect.",
                ),
                series(
                    "Longest transaction",
                    promql(
                        f"max by (pod, datname) (cnpg_backends_max_tx_duration_seconds{{{CLUSTER}}})",
                        "{{pod}} {{datname}}",
                    ),
                    unit="s",
                    thresholds=rising(60, 600),
                ),
                series(
                    "Transactions",
                    promql(
                        f"sum by (pod, datname) (rate(cnpg_pg_stat_database_xact_commit{{{CLUSTER}}}[$__rate_interval]))",
                        "{{pod}} {{datname}} done",
                    ),
                    promql(
                        f"sum by (pod, datname) (rate(cnpg_pg_stat_database_xact_rollback{{{CLUSTER}}}[$__rate_interval]))",
                        "{{pod}} {{datname}} taken back",
                    ),
                    unit="ops",
                ),
                series(
                    "Found in memory",
                    promql(
                        f"sum by (pod) (rate(cnpg_pg_stat_database_blks_hit{{{CLUSTER}}}[$__rate_interval]))"
                        f" / sum by (pod) (rate(cnpg_pg_stat_database_blks_hit{{{CLUSTER}}}[$__rate_interval])"
                        f" + rate(cnpg_pg_stat_database_blks_read{{{CLUSTER}}}[$__rate_interval]))",
                        "{{pod}}",
                    ),
                    unit="percentunit",
                    maximum=1,
                    description="Below 0.95 the shared buffers are too small for what is asked often.",
                ),
                series(
                    "Size of each database",
                    promql(f"max by (pod, datname) (cnpg_pg_database_size_bytes{{{CLUSTER}}})", "{{pod}} {{datname}}"),
                    unit="bytes",
                ),
            ),
        ),
        Row(
            title="Safety",
            panels=(
                table(
                    "Age of the oldest transaction number",
                    promql(f"max by (pod, datname) (cnpg_pg_database_xid_age{{{CLUSTER}}})"),
                    columns=(
                        Column(field="pod", title="Instance"),
                        Column(field="datname", title="Database"),
                        Column(field="Value", title="Age", thresholds=rising(300_000_000, 1_000_000_000)),
                    ),
                    description="At two thousand million the database stops; autovacuum keeps it low.",
                ),
                series(
                    "Archive",
                    promql(
                        f"sum by (pod) (increase(cnpg_pg_stat_archiver_archived_count{{{CLUSTER}}}[$__rate_interval]))",
                        "{{pod}} done",
                    ),
                    promql(
                        f"sum by (pod) (increase(cnpg_pg_stat_archiver_failed_count{{{CLUSTER}}}[$__rate_interval]))",
                        "{{pod}} failed",
                    ),
                    description="Segments of the journal that were sent away, and that could not be.",
                ),
            ),
        ),
    ),
)
