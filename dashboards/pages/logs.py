"""Pages `observability/logs` and `observability/traces`: log lines, and links to traces."""

from __future__ import annotations

from dashboards.model import Dashboard, Row, Source, Variable, log, logql, promql, series, text

STREAM = '{namespace=~"$namespace", app=~"$app", pod=~"$pod"}'
WRONG = "|~ `(?i)\\b(error|fatal|panic|exception)\\b`"
LOGS = Dashboard(
    uid="observability-logs",
    title="Logs",
    folder="observability",
    description="Lines of every pod: how many, who complains, and the lines themselves.",
    time_from="now-1h",
    requires=("loki",),
    variables=(
        Variable(name="namespace", title="Namespace", label="namespace", source=Source.LOKI),
        Variable(name="app", title="Service", metric='{namespace=~"$namespace"}', label="app", source=Source.LOKI),
        Variable(
            name="pod", title="Pod", metric='{namespace=~"$namespace", app=~"$app"}', label="pod", source=Source.LOKI
        ),
        Variable(name="words", title="Has the words", free_text=True),
    ),
    rows=(
        Row(
            title="How much",
            panels=(
                series(
                    "Lines by service",
                    logql(f"sum by (app) (count_over_time({STREAM} |= `$words` [$__auto]))", "{{app}}"),
                    stacked=True,
                ),
                series(
                    "Lines that speak of errors",
                    logql(f"sum by (app) (count_over_time({STREAM} {WRONG} |= `$words` [$__auto]))", "{{app}}"),
                    stacked=True,
                    description="With the words error, fatal, panic or exception.",
                ),
            ),
        ),
        Row(
            title="Lines that speak of errors",
            panels=(
                log(
                    "Errors",
                    f"{STREAM} {WRONG} |= `$words`",
                    description="Open a line for its labels, and for its trace when it names one.",
                ),
            ),
        ),
        Row(title="All lines", panels=(log("Lines", f"{STREAM} |= `$words`", height=16),)),
        Row(
            title="What Kubernetes says",
            panels=(
                log(
                    "Events",
                    '{app="kubernetes-events"} | logfmt | type!="Normal" |= `$words`',
                    description="Warnings of the control plane: pods that cannot be placed, probes that fail, volumes that cannot be mounted.",
                ),
            ),
        ),
    ),
)

TRACES = Dashboard(
    uid="observability-traces",
    title="Traces",
    folder="observability",
    description="Where traces are, and whether they arrive.",
    requires=("jaeger",),
    links=(("Search for traces", "/explore?left=%7B%22datasource%22:%22jaeger%22%7D"),),
    rows=(
        Row(
            title="Where to look",
            panels=(
                text(
                    "Traces",
                    "Search: **Explore**, data source **Jaeger**.\n\n"
                    "From a line to its trace: open the line in [Logs](/d/observability-logs) and follow *Trace*.\n\n"
                    "From a span to its lines: open the span and follow *Logs for this span*.",
                    height=5,
                ),
            ),
        ),
        Row(
            title="Whether they arrive",
            panels=(
                series(
                    "Spans that Jaeger takes",
                    promql(
                        "sum by (receiver) (rate(otelcol_receiver_accepted_spans_total[$__rate_interval]))",
                        "{{receiver}} taken",
                    ),
                    promql(
                        "sum by (receiver) (rate(otelcol_receiver_refused_spans_total[$__rate_interval]))",
                        "{{receiver}} refused",
                    ),
                    unit="ops",
                ),
                series(
                    "Spans that are written",
                    promql(
                        "sum by (exporter) (rate(otelcol_exporter_sent_spans_total[$__rate_interval]))",
                        "{{exporter}} written",
                    ),
                    promql(
                        "sum by (exporter) (rate(otelcol_exporter_send_failed_spans_total[$__rate_interval]))",
                        "{{exporter}} failed",
                    ),
                    unit="ops",
                    description="Failed ones: the volume is full, or two processes hold it.",
                ),
            ),
        ),
    ),
)
