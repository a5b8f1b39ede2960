"""What every tier needs: nothing of the user's machine reaches a test, and `--update` rewrites golden files."""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FOREIGN = ("HELM_", "SLIPWAY_", "REGISTRY_", "XDG_", "KUBE", "CT_", "ARGOCD_")
"""Variables that would change what the tools do."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update`."""
    parser.addoption("--update", action="store_true", help="rewrite the golden files from what is rendered now")


def pytest_configure() -> None:
    """A program started with `&` ignores interrupts, and so would every program that a test starts and interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector does not go through it again and again, and runs less often."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are rewritten."""
    return bool(request.config.getoption("--update"))


def isolated(patch: pytest.MonkeyPatch, home: Path) -> None:
    """None of the user's variables, and every home below one folder."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        patch.delenv(name)
    home.mkdir(exist_ok=True)
    for name, folder in {
        "HOME": home,
        "DOCKER_CONFIG": home / "docker",
        "KUBECONFIG": home / "kubeconfig",
        "HELM_CACHE_HOME": home / "helm/cache",
        "HELM_CONFIG_HOME": home / "helm/config",
        "HELM_DATA_HOME": home / "helm/data",
        "HELM_REGISTRY_CONFIG": home / "helm/registry.json",
    }.items():
        patch.setenv(name, str(folder))


@pytest.fixture(scope="session")
def isolate() -> Callable[[pytest.MonkeyPatch, Path], None]:
    """`isolated`, for a tier whose tests have a home each."""
    return isolated


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Homes of the run's own."""
    with pytest.MonkeyPatch.context() as patch:
        isolated(patch, tmp_path_factory.mktemp("home"))
        yield
