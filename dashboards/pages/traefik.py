"""Page `edge/traefik`: requests, errors and latency."""

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

ROUTE = 'service=~"$service"'
TRAEFIK = Dashboard(
    uid="edge-traefik",
    title="Traefik",
    folder="edge",
    description="Requests, errors and answer times of each route.",
    variables=(
        Variable(name="service", title="Route", metric="traefik_service_requests_total", label="service"),
        Variable(name="code", title="Status", metric="traefik_service_requests_total", label="code"),
    ),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Requests",
                    f"sum(rate(traefik_service_requests_total{{{ROUTE}}}[$__rate_interval]))",
                    unit="reqps",
                    description="Of the chosen routes.",
                ),
                stat(
                    "Answers that are errors",
                    f'sum(rate(traefik_service_requests_total{{code=~"5..", {ROUTE}}}[$__rate_interval]))'
                    f" / sum(rate(traefik_service_requests_total{{{ROUTE}}}[$__rate_interval]))",
                    unit="percentunit",
                    thresholds=rising(0.01, 0.05),
                    description="502 and 504 mean that no pod answered; other numbers come from the application.",
                    link="/d/alert-RouteErrors",
                ),
                stat(
                    "Nineteen of twenty answers within",
                    "histogram_quantile(0.95, sum by (le)"
                    f" (rate(traefik_service_request_duration_seconds_bucket{{{ROUTE}}}[$__rate_interval])))",
                    unit="s",
                    thresholds=rising(1, 3),
                    description="Estimated from the limits 0.1, 0.3, 1.2 and 5 seconds.",
                ),
                stat(
                    "Refused or not found",
                    'sum(rate(traefik_entrypoint_requests_total{code=~"403|404|429"}[$__rate_interval])) or vector(0)',
                    unit="reqps",
                    base=Colour.PLAIN,
                    description="403: not from the home network. 404: no route of that name. 429: too many requests.",
                ),
                stat(
                    "Open connections",
                    'sum(traefik_open_connections{entrypoint!="metrics"})',
                    description="At every entry point.",
                ),
                stat(
                    "Last change of routes",
                    "time() - max(traefik_config_last_reload_success)",
                    unit="s",
                    base=Colour.PLAIN,
                    description="When Traefik last took a configuration that it could use.",
                ),
            ),
        ),
        Row(
            title="Routes",
            panels=(
                series(
                    "Requests by status",
                    promql(
                        f'sum by (code) (rate(traefik_service_requests_total{{code=~"$code", {ROUTE}}}[$__rate_interval]))',
                        "{{code}}",
                    ),
                    unit="reqps",
                    stacked=True,
                ),
                series(
                    "Requests by route",
                    promql(
                        f'sum by (service) (rate(traefik_service_requests_total{{code=~"$code", {ROUTE}}}[$__rate_interval]))',
                        "{{service}}",
                    ),
                    unit="reqps",
                ),
                series(
                    "Errors by route",
                    promql(
                        f'sum by (service, code) (rate(traefik_service_requests_total{{code=~"5..", {ROUTE}}}[$__rate_interval]))',
                        "{{service}} {{code}}",
                    ),
                    unit="reqps",
                    description="The name of a route begins with the namespace and the name of the service behind it.",
                ),
                series(
                    "Nineteen of twenty answers within, by route",
                    promql(
                        "histogram_quantile(0.95, sum by (service, le)"
                        f" (rate(traefik_service_request_duration_seconds_bucket{{{ROUTE}}}[$__rate_interval])))",
                        "{{service}}",
                    ),
                    unit="s",
                    thresholds=rising(1, 3),
                ),
                table(
                    "Routes in the last hour",
                    promql(f"sum by (service) (increase(traefik_service_requests_total{{{ROUTE}}}[1h]))"),
                    promql(f'sum by (service) (increase(traefik_service_requests_total{{code=~"4..", {ROUTE}}}[1h]))'),
                    promql(f'sum by (service) (increase(traefik_service_requests_total{{code=~"5..", {ROUTE}}}[1h]))'),
                    promql(f"sum by (service) (increase(traefik_service_responses_bytes_total{{{ROUTE}}}[1h]))"),
                    columns=(
                        Column(field="service", title="Route"),
                        Column(field="Value #A", title="Requests"),
                        Column(field="Value #B", title="Refused (4xx)"),
                        Column(field="Value #C", title="Errors (5xx)", thresholds=bad_from(1)),
                        Column(field="Value #D", title="Sent", unit="bytes"),
                    ),
                ),
                series(
                    "Bytes that were sent",
                    promql(
                        f"sum by (service) (rate(traefik_service_responses_bytes_total{{{ROUTE}}}[$__rate_interval]))",
                        "{{service}}",
                    ),
                    unit="Bps",
                ),
            ),
        ),
        Row(
            title="Way in",
            panels=(
                series(
                    "Requests by entry point",
                    promql(
                        "sum by (entrypoint, code) (rate(traefik_entrypoint_requests_total[$__rate_interval]))",
                        "{{entrypoint}} {{code}}",
                    ),
                    unit="reqps",
                    description="Here are those too that no route takes.",
                ),
                series(
                    "Versions of TLS",
                    promql(
                        "sum by (tls_version) (rate(traefik_entrypoint_requests_tls_total[$__rate_interval]))",
                        "TLS {{tls_version}}",
                    ),
                    unit="reqps",
                ),
            ),
        ),
        Row(
            title="Access log",
            requires=("loki",),
            panels=(
                log(
                    "Answers that are errors",
                    '{namespace="infra", app="traefik"} | json | DownstreamStatus >= 500',
                    description="One line a request: the address that asked, the path, the route, and how long it took.",
                ),
            ),
        ),
    ),
)
