"""The executable version of a paper on ion transport through a pore in a Janus MoSSe sheet."""

__version__ = "0.1.0"
