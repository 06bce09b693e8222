"""Constants and conversions: every number that crosses from one unit to another is derived here.

GROMACS units throughout (nm, ps, kJ/mol, e, K, u), V/nm for the field, nA for currents.
"""

import numpy as np
from scipy import constants as si

#: 1 e/ps expressed in nA (160.2177).
NA_PER_E_PER_PS = si.elementary_charge / si.pico / si.nano

#: Vacuum permittivity in e/(V nm) (0.0552635): a plane of 1 e/nm^2 makes the field jump by 18.1 V/nm.
EPSILON_0_E_V_NM = si.epsilon_0 * si.nano / si.elementary_charge

#: 1 e/V expressed in aF (0.160218).
AF_PER_E_V = si.elementary_charge / si.atto

#: Vacuum permittivity in aF/nm (0.00885419): a capacitor of 1 nm^2 over 1 nm.
EPSILON_0_AF_NM = si.epsilon_0 * si.nano / si.atto

#: 1 nA ps/V expressed in aF (0.001).
AF_PER_NA_PS_V = si.nano * si.pico / si.atto

#: 1 ps/aF expressed in MOhm (1): a resistance from a time constant and a capacitance.
MOHM_PER_PS_AF = si.pico / si.atto / si.mega

#: Force in kJ/mol/nm on a unit charge in a field of 1 V/nm (96.485).
KJ_MOL_NM_PER_E_V_NM = si.elementary_charge * si.Avogadro / si.kilo

#: Energy in kJ/mol of two unit charges 1 nm apart in vacuum (138.935), 1 / (4 pi epsilon_0).
KJ_MOL_NM_PER_E2 = si.elementary_charge**2 * si.Avogadro / (4 * si.pi * si.epsilon_0 * si.nano * si.kilo)

#: Boltzmann's constant per mole in kJ/mol/K (0.0083145).
KJ_MOL_PER_K = si.R / si.kilo

#: Particles per nm^3 in a solution of 1 mol/l (0.60221).
PER_NM3_PER_MOL_L = si.Avogadro * si.nano**3 / si.liter

#: Mass of one water molecule in u (SPC/E: 15.9994 + 2 * 1.008).
WATER_MASS_U = 15.9994 + 2 * 1.008

#: 1 u/nm^3 expressed in g/cm^3.
G_CM3_PER_U_NM3 = si.atomic_mass / si.gram / (si.nano / si.centi) ** 3

#: Molar volume conversion: 1 cm^3/mol expressed in nm^3 per particle.
NM3_PER_CM3_MOL = (si.centi / si.nano) ** 3 / si.Avogadro


def water_per_nm3(density_g_cm3: float) -> float:
    """Number density of water (nm^-3) at a mass density in g/cm^3."""
    return density_g_cm3 / (WATER_MASS_U * G_CM3_PER_U_NM3)


def angular_frequency_rad_ps(frequency_ghz: float) -> float:
    """Angular frequency (rad/ps) of a frequency in GHz: omega = 2 pi f; 200 MHz is 0.00125664 rad/ps."""
    return 2 * si.pi * frequency_ghz * si.giga * si.pico


def is_multiple(value: float, unit: float) -> bool:
    """Whether `value` is a whole number (at least one) of `unit`, to rounding."""
    ratio = value / unit
    return round(ratio) >= 1 and abs(ratio - round(ratio)) < 1e-6


def is_forward(time_ps: np.ndarray, period_ps: float) -> np.ndarray:
    """Whether |E| rises, bool (n,), at times (n,) since the start of a sine that begins at zero: its forward branch."""
    return (np.asarray(time_ps) / period_ps + 1e-9) % 0.5 < 0.25
