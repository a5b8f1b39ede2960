"""A real node: machines in network namespaces, a container runtime, a kubelet, and the network policies of k3s.

`home.py` says which machines there are and how they are joined, `machine.py` makes one and `enter.py` starts a program in it;
`node_plan.py` lists the programs with their flags, `images.py` writes what their pods run, and `catalogue.py` says for each
image of the charts whether that is the real program. All of it goes with the lab: files, processes, devices and rules.
"""
