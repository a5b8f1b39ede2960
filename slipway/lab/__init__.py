"""The lab: a real Kubernetes API and a real Argo CD as plain processes of this machine, with no container engine.

A lab is a folder, `.lab/<name>/`, and one supervisor process whose components end with it. `plan.py` says what is started,
as data; `supervisor.py` starts it; `up.py` publishes the working tree to the lab's own registry and hands it to Argo CD.
"""
