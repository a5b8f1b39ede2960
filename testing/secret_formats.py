"""The formats of secrets that the scan is measured by: made up for each run, so that none lies in the repository."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable, Mapping

ALPHABETS: Mapping[str, str] = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "low": string.ascii_lowercase + string.digits,
    "UP": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "bech": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "aln": string.ascii_letters + string.digits,
    "url": string.ascii_letters + string.digits + "-_",
    "b64": string.ascii_letters + string.digits + "+/",
    "crypt": "./" + string.digits + string.ascii_letters,
    "dig": string.digits,
    "uuid": "",
}
PLACE = re.compile(r"<(\w+?)(?::(\d+))?>")

SHAPES: Mapping[str, str] = {
    # Hashes of passwords
    "bcrypt": "x: $2y$10$<crypt:53>",
    "bcrypt of htpasswd": "users: 'admin:$2b$12$<crypt:53>'",
    "argon2id": "x: $argon2id$v=19$m=65536,t=3,p=4$<b64:22>$<b64:43>",
    "sha512 crypt": "x: $6$<crypt:16>$<crypt:86>",
    "sha512 crypt with rounds": "x: $6$rounds=50000$<crypt:16>$<crypt:86>",
    "sha256 crypt": "x: $5$<crypt:16>$<crypt:43>",
    "md5 crypt": "x: $1$<crypt:8>$<crypt:22>",
    "apr1": "x: admin:$apr1$<crypt:8>$<crypt:22>",
    "yescrypt": "x: $y$j9T$<crypt:22>$<crypt:43>",
    "scrypt": "x: $scrypt$ln=16,r=8,p=1$<b64:22>$<b64:43>",
    "pbkdf2": "x: $pbkdf2-sha512$310000$<crypt:22>$<crypt:86>",
    "pbkdf2 of qbittorrent": 'WebUI\\Password_PBKDF2="@ByteArray(<b64:22>==:<b64:86>==)"',
    "scram of postgres": "x: SCRAM-SHA-256$4096:<b64:22>==$<b64:43>=:<b64:43>=",
    "md5 of postgres": "x: 'CREATE ROLE a PASSWORD ''md5<hex:32>'''",
    "ssha of ldap": "x: '{SSHA}<b64:32>'",
    "sha of htpasswd": "x: 'admin:{SHA}<b64:27>='",
    "hash of mysql": "x: \"IDENTIFIED BY PASSWORD '*<HEX:40>'\"",
    "hash of django": "x: pbkdf2_sha256$600000$<aln:22>$<b64:43>=",
    # Headers and command lines
    "Authorization: Bearer": "header: 'Authorization: Bearer <aln:32>'",
    "Authorization: Basic": "header: 'Authorization: Basic <basic>'",
    "Authorization: token": "header: 'Authorization: token <hex:40>'",
    "Authorization as a key": "headers: {Authorization: Bearer <aln:32>}",
    "Proxy-Authorization": "header: 'Proxy-Authorization: Basic <basic>'",
    "X-Api-Key": "header: 'X-Api-Key: <hex:32>'",
    "X-Auth-Token": "header: 'X-Auth-Token: <hex:32>'",
    "PRIVATE-TOKEN": "header: 'PRIVATE-TOKEN: <aln:20>'",
    "X-Plex-Token": "url: http://plex:32400/library?X-Plex-Token=<aln:20>",
    "curl with a user": "command: 'curl -u admin:<aln:16> https://a.example.org'",
    "api key in a query": "url: https://sonarr.example.org/api?apikey=<hex:32>",
    "url with a password": "url: postgres://app:<aln:12>@db:5432/app",
    "url of redis without a user": "url: redis://:<aln:16>@redis:6379/0",
    "url of mongodb": "url: mongodb+srv://app:<aln:16>@cluster0.example.net/app",
    # Keys
    "rsa key": "-----BEGIN RSA PRIVATE KEY-----\n<b64:64>\n<b64:64>\n<b64:64>\n-----END RSA PRIVATE KEY-----",
    "ec key": "-----BEGIN EC PRIVATE KEY-----\n<b64:64>\n<b64:64>\n-----END EC PRIVATE KEY-----",
    "pkcs8 key": "-----BEGIN PRIVATE KEY-----\n<b64:64>\n<b64:64>\n-----END PRIVATE KEY-----",
    "encrypted key": "-----BEGIN ENCRYPTED PRIVATE KEY-----\n<b64:64>\n<b64:64>\n-----END ENCRYPTED PRIVATE KEY-----",
    "openssh key": "-----BEGIN OPENSSH PRIVATE KEY-----\n<b64:64>\n<b64:64>\n-----END OPENSSH PRIVATE KEY-----",
    "pgp key": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n<b64:64>\n<b64:64>\n-----END PGP PRIVATE KEY BLOCK-----",
    "putty key": "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPrivate-Lines: 14\n<b64:64>\n<b64:64>",
    "age key": "x: AGE-SECRET-KEY-1<bech:58>",
    "wireguard key": "config: |\n  [Interface]\n  PrivateKey = <b64:43>=",
    "wireguard preshared key": "config: |\n  PresharedKey = <b64:43>=",
    "base64 of a key": "x: <pem>",
    "base64 of a key in json": 'x: \'{"a":"<pem>"}\'',
    "tls.key of a secret": "tls.key: <pem>",
    "client-key-data": "client-key-data: <pem>",
    "one line of a key with escapes": 'x: "-----BEGIN PRIVATE KEY-----\\n<b64:64>\\n-----END PRIVATE KEY-----"',
    "service account of google": 'x: \'{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\n<b64:64>\\n"}\'',
    "jwk": 'x: \'{"kty":"EC","crv":"P-256","d":"<url:43>"}\'',
    # Logins of registries and tools
    "dockerconfigjson": ".dockerconfigjson: <dockerconfig>",
    "base64 of a docker config": "x: <dockerconfig>",
    "docker config": 'x: \'{"auths":{"ghcr.io":{"auth":"<basic>"}}}\'',
    "identity token": 'x: \'{"auths":{"a.azurecr.io":{"identitytoken":"<url:60>"}}}\'',
    "npmrc": "x: //registry.npmjs.org/:_authToken=<aln:36>",
    "netrc": "x: machine git.example.org login me password <aln:16>",
    "pgpass": "pgpass: 'db:5432:app:app:<aln:16>'",
    "kubeconfig token": "token: <aln:32>",
    "rclone": "x: |\n  [b2]\n  pass = <url:22>",
    "restic": "RESTIC_PASSWORD: <aln:20>",
    # Values of keys in other formats than YAML
    "key in xml": "x: <Config><ApiKey><hex:32></ApiKey></Config>",
    "key in ini": "x: |\n  api_key = <hex:32>",
    "key in json": 'x: \'{"apiKey": "<hex:32>"}\'',
    "key in a query of cron": "x: DB_PASS=<aln:16> run",
    "totp seed": "url: otpauth://totp/a?secret=<base32:32>",
}
"""Name of a format that shows itself → lines with a place for each random part."""

TOKENS: Mapping[str, str] = {
    "aws access key": "x: AKIA<base32:16>",
    "aws secret key": "aws_secret_access_key: <b64:40>",
    "google api key": "x: AIza<url:35>",
    "google oauth secret": "x: GOCSPX-<url:28>",
    "github classic": "x: ghp_<aln:36>",
    "github oauth": "x: gho_<aln:36>",
    "github app": "x: ghs_<aln:36>",
    "github refresh": "x: ghr_<aln:36>",
    "github fine grained": "x: github_pat_<aln:22>_<aln:59>",
    "gitlab personal": "x: glpat-<aln:20>",
    "gitlab deploy": "x: gldt-<aln:20>",
    "gitlab runner": "x: glrt-<aln:20>",
    "gitlab trigger": "x: glptt-<hex:40>",
    "slack bot": "x: xoxb-<dig:12>-<dig:12>-<aln:24>",
    "slack app": "x: xapp-1-A<UP:10>-<dig:13>-<hex:64>",
    "slack webhook": "url: https://hooks.slack.com/services/T<UP:8>/B<UP:10>/<aln:24>",
    "discord bot": "discord_token: M<aln:23>.<aln:6>.<url:27>",
    "discord webhook": "url: https://discord.com/api/webhooks/<dig:18>/<url:68>",
    "telegram": "x: <dig:9>:AA<url:33>",
    "stripe": "x: sk_live_<aln:24>",
    "stripe restricted": "x: rk_live_<aln:24>",
    "twilio": "x: SK<hex:32>",
    "sendgrid": "x: SG.<url:22>.<url:43>",
    "mailgun": "mailgun: key-<hex:32>",
    "mailchimp": "mailchimp: <hex:32>-us12",
    "npm": "x: npm_<aln:36>",
    "pypi": "x: pypi-AgEIcHlwaS5vcmc<url:70>",
    "rubygems": "x: rubygems_<hex:48>",
    "docker hub": "x: dckr_pat_<url:27>",
    "cloudflare token": "cloudflare_dns: <url:40>",
    "cloudflare origin ca": "x: v1.0-<hex:24>-<hex:146>",
    "cloudflare tunnel": "x: <tunnel>",
    "digitalocean": "x: dop_v1_<hex:64>",
    "hetzner": "hcloud_token: <aln:64>",
    "linode": "linode: <hex:64>",
    "tailscale": "x: tskey-auth-k<aln:11>CNTRL-<aln:32>",
    "vault": "x: hvs.<url:96>",
    "openai": "x: sk-<aln:20>T3BlbkFJ<aln:20>",
    "openai project": "x: sk-proj-<url:74>T3BlbkFJ<url:74>",
    "anthropic": "x: sk-ant-api03-<url:93>AA",
    "hugging face": "x: hf_<letters>",
    "grafana service account": "x: glsa_<aln:32>_<hex:8>",
    "grafana cloud": "x: glc_<grafana>",
    "new relic": "x: NRAK-<UP:27>",
    "datadog": "datadog_api: <hex:40>",
    "sentry": "x: sntryu_<hex:64>",
    "sentry dsn": "url: https://<hex:32>@o1.ingest.sentry.io/1",
    "atlassian": "x: ATATT3<url:180>=<HEX:8>",
    "notion": "x: ntn_<dig:11><aln:35>",
    "linear": "x: lin_api_<aln:40>",
    "postman": "x: PMAK-<hex:24>-<hex:34>",
    "shopify": "x: shpat_<hex:32>",
    "square": "x: sq0atp-<url:22>",
    "doppler": "x: dp.pt.<aln:43>",
    "databricks": "x: dapi<hex:32>",
    "terraform cloud": "x: <aln:14>.atlasv1.<url:67>",
    "azure storage": "x: DefaultEndpointsProtocol=https;AccountName=a;AccountKey=<b64:86>==;EndpointSuffix=core.windows.net",
    "azure client secret": "x: <aln:3>8Q~<url:34>",
    "azure signature": "url: https://a.blob.core.windows.net/c?sv=2024-11-04&se=2027-01-01&sr=c&sp=r&sig=<b64:43>%3D",
    "jwt": "x: <jwt>",
    "pulumi": "x: pul-<hex:40>",
    "artifactory": "x: AKCp<aln:69>",
    "sonarqube": "sonar: squ_<hex:40>",
    "plex claim": "x: claim-<url:20>",
    "ntfy": "x: tk_<low:29>",
    "backblaze": "b2_application_key: K005<b64:27>",
    "pushover": "pushover_token: <low:30>",
    "healthchecks": "ping_key: <url:22>",
}
"""Provider → lines with its token, the same way."""

FORMATS: Mapping[str, str] = {**SHAPES, **TOKENS}


def basic(pick: random.Random) -> str:
    """The base64 of a user and a password."""
    return encoded(f"admin:{text(pick, 'aln', 16)}")


def encoded(words: str) -> str:
    """Base64."""
    return base64.b64encode(words.encode()).decode()


def text(pick: random.Random, alphabet: str, length: int) -> str:
    """A random text."""
    return "".join(pick.choice(ALPHABETS[alphabet]) for _ in range(length))


def unpadded(value: object) -> str:
    """JSON in base64 for URLs."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


MADE: Mapping[str, Callable[[random.Random], str]] = {
    "basic": basic,
    "pem": lambda pick: encoded(f"-----BEGIN PRIVATE KEY-----\n{text(pick, 'b64', 64)}\n-----END PRIVATE KEY-----\n"),
    "dockerconfig": lambda pick: encoded(json.dumps({"auths": {"ghcr.io": {"auth": basic(pick)}}})),
    "tunnel": lambda pick: unpadded(
        {"a": text(pick, "hex", 32), "t": text(pick, "hex", 36), "s": text(pick, "b64", 48)}
    ),
    "grafana": lambda pick: unpadded({"o": "1", "n": "stack", "k": text(pick, "aln", 24), "m": {"r": "eu"}}),
    "jwt": lambda pick: (
        f"{unpadded({'alg': 'HS256', 'typ': 'JWT'})}.{unpadded({'sub': text(pick, 'dig', 10), 'iat': 1})}"
        f".{text(pick, 'url', 43)}"
    ),
    "letters": lambda pick: "".join(pick.choice(string.ascii_letters) for _ in range(34)),
}


def made(name: str, seed: int = 1) -> str:
    """An example of a format; the same one for the same seed."""
    pick = random.Random(f"{name} {seed}")  # noqa: S311 - reproducible, and not to be kept secret

    def fill(place: re.Match[str]) -> str:
        if place[1] in MADE:
            return MADE[place[1]](pick)
        return text(pick, place[1], int(place[2])) if place[2] else place[0]

    return PLACE.sub(fill, FORMATS[name]) + "\n"
