"""What Argo CD reads: pins, AppProjects, ApplicationSets and Applications below deploy/.

In: published umbrellas and the settings.
Out: the files of deploy/<environment>, replaced in one step.
Fails with: `WorkspaceError` for an unknown environment or a file that is not ours.
"""
