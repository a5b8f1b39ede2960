"""Page `edge/routes`: what a client of the home network gets from each route."""

from __future__ import annotations

from dashboards.model import Colour, Column, Dashboard, Row, Threshold, bad_from, falling, promql, series, stat, table

PROBES = '{job="routes"}'
ROUTES = Dashboard(
    uid="edge-routes",
    title="Routes",
    folder="edge",
    description="Every route, probed through the ingress controller by its host name.",
    time_from="now-24h",
    requires=("blackbox-exporter",),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Routes that answer",
                    f"sum(probe_success{PROBES})",
                    base=Colour.BAD,
                    thresholds=(Threshold(at=1, colour=Colour.GOOD),),
                    description="By a page, a redirect, or a request for credentials.",
                    width=6,
                ),
                stat(
                    "Routes that do not",
                    f"count(probe_success{PROBES} == 0) or vector(0)",
                    thresholds=bad_from(1),
                    description="Each is named below.",
                    link="/d/alert-RouteDown",
                    width=6,
                ),
                stat(
                    "Slowest answer",
                    f"max(avg_over_time(probe_duration_seconds{PROBES}[15m]))",
                    unit="s",
                    thresholds=(Threshold(at=1, colour=Colour.WATCH), Threshold(at=3, colour=Colour.BAD)),
                    description="On average of a quarter of an hour.",
                    link="/d/alert-RouteSlow",
                    width=6,
                ),
                stat(
                    "Next certificate ends in",
                    f"min(probe_ssl_earliest_cert_expiry{PROBES}) - time()",
                    unit="s",
                    base=Colour.BAD,
                    thresholds=falling(7 * 86400, 14 * 86400),
                    description="Of those that clients are shown.",
                    link="/d/edge-certificates",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Each route",
            panels=(
                table(
                    "Routes",
                    promql(f"max by (namespace, service, instance) (probe_success{PROBES})"),
                    promql(f"max by (namespace, service, instance) (probe_http_status_code{PROBES})"),
                    promql(f"avg by (namespace, service, instance) (avg_over_time(probe_success{PROBES}[30d]))"),
                    columns=(
                        Column(field="namespace", title="Namespace"),
                        Column(field="service", title="Service"),
                        Column(field="instance", title="Address"),
                        Column(
                            field="Value #A", title="Answers", mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD))
                        ),
                        Column(field="Value #B", title="Status"),
                        Column(field="Value #C", title="Of 30 days", unit="percentunit"),
                    ),
                    width=24,
                    height=14,
                ),
                series(
                    "Time to answer",
                    promql(f"avg by (service) (probe_duration_seconds{PROBES})", "{{service}}"),
                    unit="s",
                    description="Name, connection, TLS and first byte, from a pod of the cluster.",
                    width=24,
                ),
            ),
        ),
    ),
)
