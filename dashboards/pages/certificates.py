"""Page `edge/certificates`: expiry and renewal."""

from __future__ import annotations

from dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Row,
    Threshold,
    bad_from,
    falling,
    log,
    promql,
    series,
    stat,
    table,
)

EXPIRY = "certmanager_certificate_expiration_timestamp_seconds > 0"
CERTIFICATES = Dashboard(
    uid="edge-certificates",
    title="Certificates",
    folder="edge",
    description="When certificates end, and whether they can be renewed.",
    time_from="now-24h",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Next one ends in",
                    f"min({EXPIRY}) - time()",
                    unit="s",
                    base=Colour.BAD,
                    thresholds=falling(7 * 86400, 14 * 86400),
                    description="They are renewed a month before their end.",
                    link="/d/alert-CertificateExpiring",
                    width=6,
                ),
                stat(
                    "Not ready",
                    'count(certmanager_certificate_ready_status{condition="True"} == 0) or vector(0)',
                    thresholds=bad_from(1),
                    description="Certificates that were never issued, or could not be renewed.",
                    width=6,
                ),
                stat(
                    "Issuers that are not ready",
                    '(count(certmanager_clusterissuer_ready_status{condition="True"} == 0) or vector(0))'
                    ' + (count(certmanager_issuer_ready_status{condition="True"} == 0) or vector(0))',
                    thresholds=bad_from(1),
                    description="An account that cannot be made, or an authority whose secret is missing.",
                    width=6,
                ),
                stat(
                    "What Traefik shows ends in",
                    "min(traefik_tls_certs_not_after) - time()",
                    unit="s",
                    base=Colour.BAD,
                    thresholds=falling(7 * 86400, 14 * 86400),
                    description="Of the certificates that are in use. Less than above: Traefik has not read the new one.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Each certificate",
            panels=(
                table(
                    "Certificates",
                    promql(f"max by (namespace, name, issuer_name) ({EXPIRY}) - time()"),
                    promql(
                        "max by (namespace, name, issuer_name) (certmanager_certificate_renewal_timestamp_seconds > 0) - time()"
                    ),
                    promql(
                        'max by (namespace, name, issuer_name) (certmanager_certificate_ready_status{condition="True"})'
                    ),
                    columns=(
                        Column(field="namespace", title="Namespace"),
                        Column(field="name", title="Certificate"),
                        Column(field="issuer_name", title="Issuer"),
                        Column(
                            field="Value #A",
                            title="Ends in",
                            unit="s",
                            thresholds=(
                                Threshold(at=-1e12, colour=Colour.BAD),
                                *falling(7 * 86400, 14 * 86400),
                            ),
                        ),
                        Column(field="Value #B", title="Renewed in", unit="s"),
                        Column(
                            field="Value #C", title="Ready", mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD))
                        ),
                    ),
                    width=24,
                ),
            ),
        ),
        Row(
            title="Why one is not issued",
            panels=(
                series(
                    "Requests to the authority",
                    promql(
                        "sum by (host, status) (rate(certmanager_http_acme_client_request_count[$__rate_interval]))",
                        "{{host}} {{status}}",
                    ),
                    unit="reqps",
                    description="400 and 403 are refusals, 429 is the authority's limit: wait, and use its staging for trials.",
                ),
                series(
                    "Work that failed",
                    promql(
                        "sum by (controller) (rate(certmanager_controller_sync_error_count[$__rate_interval]))",
                        "{{controller}}",
                    ),
                    unit="ops",
                    description="`challenges` fails when the record in DNS cannot be written or is not seen.",
                ),
            ),
        ),
        Row(
            title="Logs",
            requires=("loki",),
            panels=(log("What cert-manager says", '{app="cert-manager"} |~ `(?i)error|fail|denied`'),),
        ),
    ),
)
