"""Behaviour: the compiled trader population and the SimPy processes of the physical world."""
