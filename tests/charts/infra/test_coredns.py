"""coredns: what its own program answers with the chart's configuration."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.tools.background import Child, spawn_child
from slipway.tools.process import wait_until
from slipway.tools.run import Command
from testing.faulty import unused_port
from testing.rendering import Repository
from testing.servers import answers, stopped
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm

WAIT_S = 30.0
ELSEWHERE = "198.51.100.7"
"""From the range that RFC 5737 keeps for documentation."""
UPSTREAM = """\
.:{port} {{
    ready :{ready}
    template IN A {{
        answer "{{{{ .Name }}}} 60 IN A {address}"
    }}
}}
"""
FACTS = yaml.safe_load((ROOT / "charts" / "common" / "values.yaml").read_text(encoding="utf-8"))["global"]
DOMAIN = FACTS["domain"]
ASK = {"udp": dns.query.udp, "tcp": dns.query.tcp}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A DNS server on this machine."""

    port: int

    def answer(self, name: str, kind: str = "A", how: str = "udp") -> dns.message.Message:
        """What it says."""
        ask: Callable[..., dns.message.Message] = ASK[how]
        return ask(dns.message.make_query(name, kind), "127.0.0.1", port=self.port, timeout=WAIT_S)

    def addresses(self, name: str, how: str = "udp") -> list[str]:
        """The addresses of a name."""
        return [str(item) for record in self.answer(name, how=how).answer for item in record]


def started(folder: Path, corefile: str, ready_port: int, env: Mapping[str, str]) -> Child:
    """The program, once it is ready."""
    (folder / "Corefile").write_text(corefile, encoding="utf-8")
    argv = (str(program("coredns")), "-conf", str(folder / "Corefile"))
    child = spawn_child(Command(argv=argv, env=dict(env)), folder / "log")
    assert wait_until(lambda: answers(f"http://127.0.0.1:{ready_port}/ready"), WAIT_S), (folder / "log").read_text(
        encoding="utf-8"
    )
    return child


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It has one address for every name of the world."""
    port, ready_port = unused_port(), unused_port()
    text = UPSTREAM.format(port=port, ready=ready_port, address=ELSEWHERE)
    child = started(tmp_path_factory.mktemp("upstream"), text, ready_port, {})
    yield Server(port=port)
    stopped(child)


@pytest.fixture(scope="module")
def server(repository: Repository, upstream: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The chart's configuration, on free ports of this machine."""
    case = repository.case("coredns", DEFAULTS)
    (item,) = (item for item in repository.rendered(case).objects if item.kind == "ConfigMap")
    data = item.at("data")
    assert isinstance(data, dict)
    text, ports = data["Corefile"], {number: unused_port() for number in ("5353", "8080", "8181", "9153")}
    for number, free in ports.items():
        assert f":{number}" in text
        text = text.replace(f":{number}", f":{free}")
    env = {"UPSTREAMS": f"127.0.0.1:{upstream.port}", "UPSTREAM_NAME": "example.org"}
    child = started(tmp_path_factory.mktemp("server"), text, ports["8181"], env)
    yield Server(port=ports["5353"])
    stopped(child)


@pytest.mark.parametrize("how", ASK)
@pytest.mark.parametrize("name", [f"sonarr.{DOMAIN}", f"a.deeper.{DOMAIN}", DOMAIN, f"SONARR.{DOMAIN}".upper()])
def test_every_name_of_the_domain_is_the_ingress_controller(server: Server, name: str, how: str) -> None:
    assert server.addresses(name, how) == [FACTS["ingressAddress"]]


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "MX", "TXT"])
def test_a_name_has_no_record_of_another_type_and_exists_all_the_same(server: Server, kind: str) -> None:
    found = server.answer(f"sonarr.{DOMAIN}", kind)

    assert (found.rcode(), found.answer) == (dns.rcode.NOERROR, [])
    # Without it a resolver may not remember the answer, and asks again for each connection.
    assert [record.rdtype.name for record in found.authority] == ["SOA"]


@pytest.mark.parametrize("how", ASK)
@pytest.mark.parametrize("name", ["example.com", f"not{DOMAIN}", DOMAIN.partition(".")[2]])
def test_every_other_name_is_asked_of_the_upstream(server: Server, name: str, how: str) -> None:
    assert server.addresses(name, how) == [ELSEWHERE]
