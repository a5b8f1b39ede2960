"""The key pair that signs what is published, as two files."""

from __future__ import annotations

from pathlib import Path

from slipway.config import SIGNING_PASSWORD, SigningMode
from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.secrets.keys import Written, outside, write_private
from slipway.signing.verdict import GROUP
from slipway.toolchain.groups import ensure_group
from slipway.util.files import write_atomic


def new_pair(context: Context, out: str) -> Written:
    """Write a private key outside of the checkout, and its public key into it.

    Raises:
        WorkspaceError: the private key would be written into the checkout or over another file, or a public key is there.
        ToolFailed: the packages for it cannot be installed.
    """
    settings = context.config.signing
    target = outside(context.config.root, out, "./inv keys --out ~/homelab-signing.pem")
    public = context.config.root / settings.public_key
    if public.exists():
        fact = "exists, and what it has signed would not verify any more"
        hint = f"to change keys: git mv {settings.public_key} old.pub, run this again, then append old.pub to it"
        raise WorkspaceError(Problem(where=settings.public_key, fact=fact, hint=hint))
    ensure_group(context.toolbox.home, GROUP, context.progress)
    from slipway.signing.keys import generate

    pair, password = generate(), context.environ.get(SIGNING_PASSWORD, "")
    write_private(target, pair.pem(password))
    write_atomic(public, pair.public.pem)
    return Written(
        wrote=(str(target), settings.public_key),
        notes=(private_note(target, password),),
        next=(
            *(() if settings.mode is SigningMode.KEY else ('edit pyproject.toml: signing = "key"',)),
            f"git add {settings.public_key} pyproject.toml",
            f"export SLIPWAY_SIGNING_KEY_FILE={target}",
            "./inv release",
        ),
    )


def private_note(target: Path, password: str) -> str:
    """What the private key is."""
    locked = "encrypted with SLIPWAY_SIGNING_PASSWORD" if password else "not encrypted"
    return f"{target} is {locked}; whoever has it signs for you: keep it offline, in two places"
