"""Places: where each thing of a campaign lies, from the name of its scale, system, protocol and replica."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


def repository() -> Path:
    """The checkout this package is installed from (it holds config/, notebooks/ and data/)."""
    return Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Campaign:
    """The directory tree of one scale, `runs/<scale>/`."""

    root: Path

    @classmethod
    def of(cls, scale: str, runs: Path | str = "runs") -> Campaign:
        return cls(Path(runs) / scale)

    def system(self, system: str) -> Path:
        return self.root / "systems" / system

    def equilibration(self, system: str) -> Path:
        return self.root / system / "equilibrate"

    def protocol(self, system: str, protocol: str) -> Path:
        return self.root / system / protocol

    def replica(self, system: str, protocol: str, replica: int) -> Path:
        return self.protocol(system, protocol) / f"r{replica:03d}"

    def taken(self, system: str, protocol: str, replica: int) -> Path:
        """There if the replica was taken over from shipped data (reduce.adopt)."""
        return self.replica(system, protocol, replica) / "shipped"

    def begun(self, system: str, protocol: str, replica: int) -> bool:
        """Whether this campaign has run, or prepared, a replica itself."""
        place = self.replica(system, protocol, replica)
        return any(place.glob("seg*")) or (place / "tpr").exists()

    def took_over(self, system: str, protocol: str, replica: int) -> bool:
        """Whether a replica was taken over from shipped data, and not begun here since."""
        return self.taken(system, protocol, replica).is_dir() and not self.begun(system, protocol, replica)

    def reduced(self, system: str, protocol: str, replica: int) -> Path:
        return self.protocol(system, protocol) / f"r{replica:03d}.nc"

    def collected(self, system: str, protocol: str) -> Path:
        return self.root / system / f"{protocol}.nc"

    def forces(self, system: str, protocol: str, replica: int) -> Path:
        return self.protocol(system, protocol) / f"r{replica:03d}.forces.nc"

    def collected_forces(self, system: str, protocol: str) -> Path:
        return self.root / system / f"{protocol}.forces.nc"

    def engine(self) -> Path:
        return self.root / "engine"

    def results(self) -> Path:
        return self.root / "results"

    def notebooks(self) -> Path:
        return self.root / "notebooks"
