"""`explain`: why a chart is in the plan, or is not."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.release import explain as explanations
from slipway.release.explain import Explanation
from slipway.release.plan import Action


def explain(context: Context, chart: str) -> Result:
    """Explain one chart.

    Raises:
        RegistryError: the registry does not answer.
    """
    found = explanations.explain(context, arguments.chart(context, chart))
    return Result(value=found, text=text(found))


def text(found: Explanation) -> str:
    """The chain of reasons, the changed files and the dependents."""
    lines = [f"{found.chart} {found.plan.version}: {found.plan.action}, {found.plan.reason}"]
    if any(len(chain) > 1 for chain in found.chains):
        lines.append("chain:")
        lines += [
            "    " + " → ".join(f"{item.chart} {item.version} ({item.action})" for item in chain)
            for chain in found.chains
        ]
    if found.changes:
        lines.append(f"differs from the published {found.against} in:")
        lines += [f"    {change}" for change in found.changes]
    elif found.plan.action is Action.PUBLISH and not found.against:
        lines.append("no version of it was ever published")
    lines.append(f"vendored by: {', '.join(found.dependents) or 'nothing'}")
    return "\n".join(lines)
