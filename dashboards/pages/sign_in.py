"""Page `edge/sign-in`: who signs in, who is refused, and whether the identity provider answers."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, promql, rising, series, stat

REFUSED = 'sum(increase(authelia_authn{success="false"}[1h])) or vector(0)'
SIGN_IN = Dashboard(
    uid="edge-sign-in",
    title="Sign-in",
    folder="edge",
    description="Who signs in, who is refused, and whether the identity provider answers.",
    requires=("authelia",),
    time_from="now-24h",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Sign-ins of the last hour",
                    '(sum(increase(authelia_authn{success="true"}[1h])) or vector(0))'
                    ' + (sum(increase(authelia_authn_passkey{success="true"}[1h])) or vector(0))',
                    base=Colour.PLAIN,
                    description="By password and by passkey.",
                    width=8,
                ),
                stat(
                    "Refused in the last hour",
                    REFUSED,
                    thresholds=rising(5, 20),
                    description="A person mistypes a few times; many are somebody who guesses, or a program with an old password.",
                    width=8,
                ),
                stat(
                    "Requests that fail",
                    'sum(rate(authelia_request{code=~"5.."}[10m])) / (sum(rate(authelia_request[10m])) > 0)',
                    unit="percentunit",
                    thresholds=rising(0.01, 0.05),
                    description="Share of the last ten minutes.",
                    width=8,
                ),
            ),
        ),
        Row(
            title="Who",
            panels=(
                series(
                    "First factor",
                    promql("sum by (success) (increase(authelia_authn[10m]))", "success: {{success}}"),
                    promql("sum by (success) (increase(authelia_authn_passkey[10m]))", "passkey, success: {{success}}"),
                ),
                series(
                    "Second factor",
                    promql(
                        "sum by (type, success) (increase(authelia_authn_second_factor[10m]))",
                        "{{type}}, success: {{success}}",
                    ),
                ),
            ),
        ),
        Row(
            title="Whether it works",
            panels=(
                series(
                    "Questions of Traefik by answer",
                    promql("sum by (code) (rate(authelia_authz[5m]))", "{{code}}"),
                    unit="reqps",
                    description="200: passed; 302 and 401: nobody has signed in; 403: in no group that may.",
                ),
                series(
                    "Time of a request",
                    promql(
                        "histogram_quantile(0.95, sum by (le) (rate(authelia_request_duration_bucket[5m])))",
                        "slowest twentieth",
                    ),
                    unit="s",
                ),
            ),
        ),
    ),
)
