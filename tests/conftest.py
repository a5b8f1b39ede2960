"""What every tier needs: nothing of the user's machine reaches a test, and `--update` rewrites golden files."""

import os
from collections.abc import Iterator

import pytest

FOREIGN = ("HELM_", "SLIPWAY_", "REGISTRY_", "XDG_", "KUBE", "CT_", "ARGOCD_")
"""Variables that would change what the tools do."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update`."""
    parser.addoption("--update", action="store_true", help="rewrite the golden files from what is rendered now")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Homes of the run's own. A tier that starts more of its own sets more of them for each test."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            patch.delenv(name)
        for name, folder in {
            "HOME": home,
            "DOCKER_CONFIG": home / "docker",
            "KUBECONFIG": home / "kubeconfig",
            "HELM_CACHE_HOME": home / "helm/cache",
            "HELM_CONFIG_HOME": home / "helm/config",
            "HELM_DATA_HOME": home / "helm/data",
        }.items():
            patch.setenv(name, str(folder))
        yield
