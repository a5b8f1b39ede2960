"""Real components of a lab: the program of a pod that is played otherwise, with all that the pod gives it.

kwok plays every pod. `catalog.py` says for which of them a program can be had; `pod.py` turns such a pod, as the API server
has it, into an `Sandbox`: its command, variables, files, user, rights and address; `join.py` starts it in a running lab.
The pod stays where it is: the program has its name, its token and its address, and the pod's own probe says when it is ready.
"""
