"""The values of a chart: the layers that set them, and what Helm makes of these.

In: values files of charts and environments, parsed.
Out: `effective` values, and for each value the layer and line that sets it.
Fails with: `WorkspaceError` for values that Helm refuses.
"""

from slipway.workspace.values.effective import Effective, effective, members_in, members_with, service_with
from slipway.workspace.values.layers import (
    ABSENT,
    Layer,
    Path,
    coalesce,
    library_default,
    library_of,
    merge,
    same,
    top_layer,
    value_at,
)
from slipway.workspace.values.scopes import Scope, Scopes

__all__ = [
    "ABSENT",
    "Effective",
    "Layer",
    "Path",
    "Scope",
    "Scopes",
    "coalesce",
    "effective",
    "library_default",
    "library_of",
    "members_in",
    "members_with",
    "merge",
    "same",
    "service_with",
    "top_layer",
    "value_at",
]
