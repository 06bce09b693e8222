"""The interactions: atom types, charge sets and the GROMACS topology text.

Combination rule 2 (Lorentz-Berthelot). Each number carries its source; the alternatives that the paper
leaves open are named variants. Masses and charges go explicitly into `[ atoms ]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import CellError, MembraneError


@dataclass(frozen=True)
class AtomType:
    """A Lennard-Jones type: mass in u, sigma in nm, epsilon in kJ/mol, and where the numbers come from."""

    mass_u: float
    sigma_nm: float
    epsilon_kj_mol: float
    source: str


_SINNOTT = "Liang, Phillpot, Sinnott, Phys. Rev. B 79, 245110 (2009), as listed in public GPUMD and LAMMPS files"
_JOUNG = "Joung, Cheatham, J. Phys. Chem. B 112, 9020 (2008) and 113, 13279 (2009), the set for SPC/E"
_SPCE = "SPC/E: Berendsen, Grigera, Straatsma, J. Phys. Chem. 91, 6269 (1987)"

SE_TYPES = {
    "charmm": AtomType(78.971, 0.387541, 2.606632, "CHARMM C36 CGenFF type SEGD1"),
    "uff": AtomType(78.971, 0.374623, 1.217544, "UFF: Rappe et al., J. Am. Chem. Soc. 114, 10024 (1992)"),
}
S_TYPES = {
    "liang": AtomType(32.06, 0.31300, 1.929707, _SINNOTT),
    "soft": AtomType(32.06, 0.31300, 1.3373, "as 'liang', with the epsilon of another public listing"),
}
MO_TYPE = AtomType(95.95, 0.42000, 0.056536, _SINNOTT)
MOBILE_TYPES = {
    "K": AtomType(39.0983, 0.2838403, 1.7978874, _JOUNG),
    "CL": AtomType(35.453, 0.4830453, 0.0534924, _JOUNG),
    "OW": AtomType(15.9994, 0.316557, 0.650629, _SPCE),
    "HW": AtomType(1.008, 0.0, 0.0, _SPCE),
}
MOBILE_CHARGES = {"K": 1.0, "CL": -1.0, "OW": -0.8476, "HW": 0.4238}

#: Charges (e) of Mo and of the atoms on the +x and -x face, by membrane (paper, Methods and Fig 4).
CHARGES = {
    "mosse": {"MO": 1.06, "S": -0.61, "SE": -0.45},
    "mosse_even": {"MO": 1.06, "S": -0.53, "SE": -0.53},
    "mosse_wide": {"MO": 1.06, "S": -0.71, "SE": -0.35},
    "mosse_neutral": {"MO": 0.0, "S": 0.0, "SE": 0.0},
    "mos2": {"MO": 1.18, "S": -0.59},
}


#: Water held rigid, and the same geometry with GROMACS' own constants of flexible SPC/E (oplsaa.ff/spce.itp).
_RIGID = ("[ settles ]", "1 1 0.1 0.16330")
_FLEXIBLE = ("[ bonds ]", "1 2 1 0.1 345000", "1 3 1 0.1 345000", "[ angles ]", "2 1 3 1 109.47 383")


def atom_types(se_type: str, s_type: str) -> dict[str, AtomType]:
    """All atom types of the system by name, for the chosen variants of Se and S."""
    return {"MO": MO_TYPE, "S": S_TYPES[s_type], "SE": SE_TYPES[se_type], **MOBILE_TYPES}


def compensated(names: Sequence[str], membrane: str, how: str) -> list[float]:
    """Charges (e) of the sheet's atoms, made neutral the way the caller names.

    Parameters
    ----------
    names : atom names ("MO", "S", "SE"), one per atom of the sheet after the cut
    membrane : a key of `CHARGES`
    how : "refuse" (a net charge is an error) or "spread" (minus the net charge over all atoms, evenly)

    Raises
    ------
    MembraneError
        if the cut leaves a net charge and `how` is "refuse".
    """
    charges = [CHARGES[membrane][name] for name in names]
    net = sum(charges)
    if abs(net) < 1e-9 * len(charges):
        return charges
    if how == "refuse":
        raise MembraneError(
            f"this cut leaves a net charge of {net:+.2f} e on the {membrane} sheet. Remove whole formula units "
            "(pore_cut n/n/n) or say how to make it neutral with charge_compensation: spread."
        )
    return [q - net / len(charges) for q in charges]


def topology(
    types: Mapping[str, AtomType], names: Sequence[str], charges: Sequence[float], counts: Mapping[str, int]
) -> str:
    """The text of a self-contained topol.top.

    The sheet is one molecule without bonds: it is frozen, and its internal Lennard-Jones pairs, which would
    only add a constant and cost precision, are set to zero. Waters are rigid (SETTLE 0.1 / 0.16330 nm).

    Parameters
    ----------
    types : all atom types by name
    names, charges : the sheet's atoms, in order; none for a bulk liquid
    counts : molecules by name, in order ("MSH", "SOL", "K", "CL")
    """
    sheet = sorted(set(names))
    lines = ["[ defaults ]", "1 2 no 1.0 1.0", "", "[ atomtypes ]"]
    lines += [
        f"{name:4s} {t.mass_u:9.4f} 0.0 A {t.sigma_nm:.7f} {t.epsilon_kj_mol:.7f} ; {t.source}"
        for name, t in types.items()
    ]
    if sheet:
        lines += ["", "[ nonbond_params ]", "; the sheet is frozen: no Lennard-Jones within it"]
        lines += [f"{a} {b} 1 0.0 0.0" for i, a in enumerate(sheet) for b in sheet[i:]]
        lines += ["", "[ moleculetype ]", "MSH 0", "", "[ atoms ]"]
    lines += [
        f"{i} {name} 1 MSH {name} {i} {charge:.10f} {types[name].mass_u:.4f}"
        for i, (name, charge) in enumerate(zip(names, charges, strict=True), 1)
    ]
    lines += ["", "[ moleculetype ]", "SOL 2", "", "[ atoms ]"]
    for i, (kind, name) in enumerate((("OW", "OW"), ("HW", "HW1"), ("HW", "HW2")), 1):
        lines.append(f"{i} {kind} 1 SOL {name} 1 {MOBILE_CHARGES[kind]} {types[kind].mass_u}")
    lines += ["", *_RIGID, "", "[ exclusions ]", "1 2 3", "2 1 3", "3 1 2"]
    for ion in ("K", "CL"):
        lines += ["", "[ moleculetype ]", f"{ion} 1", "", "[ atoms ]"]
        lines.append(f"1 {ion} 1 {ion} {ion} 1 {MOBILE_CHARGES[ion]} {types[ion].mass_u}")
    lines += ["", "[ system ]", "Janus pore in KCl" if sheet else "KCl in water", "", "[ molecules ]"]
    lines += [f"{name} {count}" for name, count in counts.items() if count]
    return "\n".join(lines) + "\n"


def flexible(text: str) -> str:
    """A topology's text with flexible water, for the minimisation.

    Steepest descent moves atoms by up to a bond length. SETTLE cannot put a rigid water together after that, and what
    it leaves (NaN) has made mdrun crash.

    Raises
    ------
    CellError
        if the text is not one that `topology` writes.
    """
    rigid, loose = "\n".join(_RIGID), "\n".join(_FLEXIBLE)
    if text.count(rigid) != 1:
        raise CellError("topol.top holds no rigid water of the form that is written here: build the system again")
    return text.replace(rigid, loose)
