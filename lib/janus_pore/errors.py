"""One exception class per way of failing; each message says what to do about it."""


class JanusPoreError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(JanusPoreError):
    """A scale file cannot be read or holds a value that cannot be meant."""


class MembraneError(JanusPoreError):
    """A sheet or pore cannot be built as asked (unknown cut, net charge, pore larger than the sheet)."""


class CellError(JanusPoreError):
    """An electrolyte cell cannot be filled, or a different one is already there."""


class ProtocolError(JanusPoreError):
    """A field protocol that cannot be meant (field too strong, duration not a multiple of the time step)."""


class GromacsError(JanusPoreError):
    """GROMACS is missing, too old, or one of its commands failed."""


class RunError(JanusPoreError):
    """A simulation did not finish, did not verify, or its inputs changed since it was run."""


class StoppedError(RunError):
    """A simulation was stopped by a signal or its walltime, in a state from which the next call goes on."""


class TrajectoryError(JanusPoreError):
    """A trajectory is truncated, has uneven frames, or does not match its system."""


class AnalysisError(JanusPoreError):
    """Data that an analysis cannot use (missing variable, wrong unit, too few samples)."""


class NotebookError(JanusPoreError):
    """A notebook's parameters do not fit it, or its execution failed."""


class BookError(JanusPoreError):
    """The book cannot be staged or built."""


class ViewError(JanusPoreError):
    """A structure cannot be drawn."""
