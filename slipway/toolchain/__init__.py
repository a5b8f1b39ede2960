"""The Python environment and the pinned programs: installed from locks/, built from tools/, examined by the doctor.

In: lock files, go.mod files, PATH.
Out: paths of programs that are ready to run.
Fails with: `ToolMissing`, `ToolFailed`, `Busy`.
"""
