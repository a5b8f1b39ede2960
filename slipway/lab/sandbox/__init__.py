"""One program in namespaces of its own, without root.

In: a description of its files, user, addresses and forwarders.
Out: its exit code.
Fails with: exit code 127 when the program cannot start.
"""
