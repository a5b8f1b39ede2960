"""The login of one registry in a file of its own, so that a password is on no command line."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from slipway.util.files import write_atomic


def login_file(folder: Path, host: str, username: str, password: str) -> Path:
    """Write a `config.json` of Docker's form for one host into a private folder; returns the file."""
    word = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "config.json"
    write_atomic(file, json.dumps({"auths": {host: {"auth": word}}}))
    return file
