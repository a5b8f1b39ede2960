"""Another revision of the files, beside the working tree."""

import os
import subprocess
from pathlib import Path

from slipway.context import open_context
from slipway.release import diff
from testing.monorepo import small


def test_the_files_of_another_revision_are_looked_at_with_the_programs_of_this_checkout(tmp_path: Path) -> None:
    repo = small(tmp_path / "repo")
    # A checkout with the sources of its programs has the programs too; what is exported beside it has none.
    repo.write("tools/release/go.mod", "module tools\n")
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run([*git, *arguments], cwd=repo.root, check=True)
    context = open_context(repo.root, os.environ, quiet=True)

    earlier = diff.at_revision(context, "HEAD", tmp_path / "earlier")

    assert earlier.config.root == tmp_path / "earlier"
    assert earlier.toolbox.folder == context.toolbox.folder == repo.root / ".tools"
