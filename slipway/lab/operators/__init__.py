"""Operators of a lab: one program plays those that have no program here, and decides which pods can start.

kwok's stages see one object only, so they would give an address without a pool and a certificate without an issuer. What
depends on other objects is decided here. Each module has the decisions of one operator, as its documentation and its
source describe them: what is in the cluster goes in, changes come out. `watch.py` reads the cluster and `__main__.py`
writes to it. An operator acts only while a pod of it is ready, as it does in a cluster.
"""
