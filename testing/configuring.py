"""Answers for tests of `configure`, and the home that they are about."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from slipway.config.settings import SETTINGS
from slipway.configure import interview
from slipway.configure.model import Answers, Found, Home
from slipway.core.errors import Problem
from slipway.core.model import Workspace

ANSWERS: Mapping[str, object] = {
    "environments": ["home"],
    "repository-url": "https://git.example.net/me/home.git",
    "registry": "oci://registry.example.net/charts",
    "domain": "casa.example.net",
    "timezone": "America/Lima",
    "lan.cidr": "10.7.0.0/16",
    "addressPool": "10.7.9.0/28",
    "ingressAddress": "10.7.9.3",
}
"""Of a home with one environment: everything that must be answered."""


def home_of(workspace: Workspace, environment: str = "staging", found: Found | None = None) -> Home:
    """A checkout with the settings that it comes with."""
    settings = {key: setting.default for key, setting in SETTINGS.items() if setting.default is not None}
    shipped = {**settings, "repository-url": "https://git.example.org/homelab/homelab.git"}
    return Home(workspace=workspace, settings=shipped, found=found or Found(), environment=environment)


def answered(home: Home, given: Mapping[str, object], env: str = "") -> tuple[Home, Answers, list[Problem]]:
    """What a file of answers makes, and everything that is wrong with it."""
    problems: list[Problem] = []
    source = interview.from_file(given, lambda key: key or "answers.yaml", problems)
    named, answers = interview.interview(home, env, source)
    return named, answers, problems


LAN = ipaddress.IPv4Network("10.7.0.0/16")
