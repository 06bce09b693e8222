"""What each parameter is: printed in the paper, or our choice and between what. Text of the assumptions page."""

from __future__ import annotations

#: What each parameter is: printed in the paper, or our choice with its alternatives. Keys as in the scale files.
NOTES: dict[str, tuple[str, str]] = {
    "system.membrane": ("paper", "mosse; Fig 4: mosse_even, mosse_wide, mosse_neutral, mos2"),
    "system.cells_y": ("paper", "16 cells are the printed 5.2 nm"),
    "system.cells_z": ("paper", "9 cells are the printed 5.07 nm"),
    "system.pore_cut": (
        "assumed",
        'printed: "center-to-center diameter of 0.85 nm". 5/5/5 (widest) leaves 0.866 nm, the literal reading; '
        "6/6/6 (hollow) and 7/7/7 (bond) are all atoms within 0.425 nm of such a point and leave 0.993 and 0.944 nm; "
        "3/3/3 (hollow) leaves 0.751 nm",
    ),
    "system.pore_centre": ("assumed", "hollow, bond or widest: the point about which the cut is made"),
    "system.charge_compensation": ("assumed", "refuse or spread: what to do with a cut that leaves net charge"),
    "system.se_type": ("assumed", 'printed: "from the CHARMM forcefield". charmm is CGenFF SEGD1; uff is the variant'),
    "system.s_type": (
        "assumed",
        "liang (epsilon 1.930) or soft (1.337 kJ/mol): public listings of the cited set differ",
    ),
    "system.length_x_nm": (
        "assumed",
        "not printed; V = E Lx falls almost wholly across the sheet, so the E axis scales with it",
    ),
    "system.salt_mol_l": ("paper", "1 M KCl"),
    "system.water_density_g_cm3": ("assumed", "bulk water at 300 K and 1 bar"),
    "system.salt_molar_volume_cm3_mol": (
        "assumed",
        "28: dissolved KCl near 1 M; 36 is one water given up per ion; 0 adds the salt to water at full density",
    ),
    "system.excluded_thickness_nm": (
        "assumed",
        "0.66 measured in 400 ps of an 8 nm box; the equilibration notebook measures it again",
    ),
    "system.seed": ("assumed", "of the lattice start; any integer"),
    "system.held_cl_nm": ("assumed", "none, or where on the axis a Cl- is held: to measure the mean force there"),
    "md.timestep_fs": ("paper", "1 fs"),
    "md.temperature_k": ("paper", "300 K"),
    "md.thermostat": ("paper", "Nose-Hoover; v-rescale is a labelled deviation that allows 2 fs"),
    "md.thermostat_time_ps": ("paper", "0.1 ps"),
    "md.thermostat_every_steps": (
        "assumed",
        "1 or 2 at 1 fs: GROMACS' default of 10 makes the temperature's spread wrong",
    ),
    "md.cutoff_nm": ("paper", "1.2 nm"),
    "md.vdw_modifier": ("assumed", "Potential-shift (GROMACS' default) or None; forces are the same"),
    "md.pme_spacing_nm": ("assumed", "0.12 nm (GROMACS' default)"),
    "md.pme_order": ("assumed", "4 (GROMACS' default)"),
    "md.trajectory_interval_ps": ("assumed", "spacing of stored frames"),
    "md.trajectory_resolution_nm": (
        "assumed",
        "of stored positions: 0.001 (GROMACS' default) for currents and angles, 1e-4 where forces are recomputed",
    ),
    "md.energy_interval_ps": ("assumed", "spacing of stored energies"),
    "equilibration.minimise_steps": ("assumed", "at most this many; the start is a lattice"),
    "equilibration.minimise_force_kj_mol_nm": ("assumed", "stop below this largest force"),
    "equilibration.duration_ps": ("paper", "10 ns NVT"),
    "equilibration.discard_ps": ("assumed", "not used in the checks"),
    "equilibration.seed": ("assumed", "velocities of the equilibration"),
    "ensemble.replicas": ("paper", "10; 150 for Fig 5"),
    "ensemble.spacing_ps": (
        "assumed",
        "between the frames of one equilibration that replicas start from: the water "
        "forgets in that time, but ions need nanoseconds to mix along the box, so replicas share where these are; a "
        "system that differs by `seed` alone has them placed anew",
    ),
    "ensemble.randomise_ps": ("assumed", "with fresh velocities and no field, before the protocol"),
    "ensemble.cores_per_run": ("assumed", "speed only"),
    "ensemble.replicas_per_job": ("assumed", "speed only: replicas side by side in one job, sharing its GPU"),
    "ensemble.batch_minutes": ("assumed", "speed only: short replicas in turn in one job, until it is about this long"),
    "engine.edge_nm": ("assumed", "cube of bulk electrolyte for the checks of the engine; no part of the paper's runs"),
    "engine.settle_ps": ("assumed", "from the lattice to the state that every check starts from"),
    "engine.nvt_ps": ("assumed", "length with each thermostat"),
    "engine.nve_ps": ("assumed", "length at each time step, without thermostat"),
    "engine.nve_timesteps_fs": ("assumed", "time steps whose energy conservation is compared"),
    "engine.nve_buffer_nm": ("assumed", "pair list beyond the cutoff; so wide that no pair is missed in five steps"),
    "engine.fields_v_nm": ("assumed", "constant fields for Ohm's law, weak enough for a linear answer"),
    "engine.field_ps": ("assumed", "length at each of them"),
    "engine.discard_ps": ("assumed", "at the start of runs with a thermostat"),
    "engine.trajectory_interval_ps": ("assumed", "spacing of stored frames in the checks"),
    "engine.energy_interval_ps": ("assumed", "spacing of stored energies in the checks"),
    "analysis.pore_radius_nm": ("assumed", "half the printed centre-to-centre diameter"),
    "analysis.pore_half_depth_nm": ("assumed", "from the Mo plane, of waters counted as in the pore"),
    "analysis.current_window_ps": ("assumed", "block length of the bootstrap"),
    "analysis.phase_bins": ("assumed", "bins of one sine period"),
    "analysis.angle_bins": ("assumed", "bins of P(theta)"),
    "analysis.bootstrap_draws": ("assumed", "resamplings"),
    "analysis.confidence": ("assumed", "coverage of the error bars"),
    "analysis.discard_ps": ("assumed", "after switching a constant field on"),
    "barrier.protocols": ("assumed", "whose frames the forces on Cl- are recomputed from; the paper: the sine sweep"),
    "barrier.fields_v_nm": ("paper", "0.2, 0.4, 0.6 and 0.8 V/nm, forward"),
    "barrier.half_window_v_nm": ("assumed", "frames this near to a field count for it; not printed"),
    "barrier.both_branches": (
        "paper",
        "Table 1 is of the forward sweep; section 3.2 says that barriers are higher in the reverse one",
    ),
    "barrier.every_frames": ("assumed", "every n-th of these frames"),
    "barrier.half_range_nm": (
        "assumed",
        "from the Mo plane, either way: minimum and maximum are looked for within it; where the paper looked is not "
        "printed",
    ),
    "barrier.bin_width_nm": (
        "assumed",
        "of F(x); the field's part of Table 1 says that minimum and maximum lie 0.065 to 0.085 nm apart",
    ),
    "barrier.radius_nm": (
        "assumed",
        "of the column about the pore's axis in which ions count; the sheet's rim, 0.496 nm for 6/6/6, lets no ion "
        "in the pore out of it. The paper may have averaged over the whole cross-section: the same inside the sheet, "
        "closer to bulk outside",
    ),
    "barrier.waiting_depth_nm": (
        "assumed",
        "from the Mo plane: an ion of that column no farther off waits in the pore; 0.25 to 0.55 nm are compared where "
        "its rate of passing is",
    ),
    "barrier.axis_radius_nm": (
        "assumed",
        "of the waiting ions, those on the axis, whose forces tell what holds them; those at the rim are held by it",
    ),
    "barrier.arrival_ps": (
        "assumed",
        "an ion comes after so long without one, and the water is looked at for so long before and after; it relaxes "
        "within picoseconds",
    ),
    "barrier.placed_alike": (
        "assumed",
        "systems that an earlier builder made, which placed ions nearly alike for all seeds (docs/adr/0019): where "
        "placements of the ions are counted, they count as one with the first, and the others are asked alone, too",
    ),
}

#: The same for protocols, by `kind.key`; the keys that all kinds have are those of `ensemble` and `md`.
PROTOCOLS: dict[str, tuple[str, str]] = {
    "sine.amplitude_v_nm": ("paper", "1.2 V/nm"),
    "sine.frequency_ghz": ("paper", "0.2 GHz; a faster field leaves the water and the reservoirs less time to follow"),
    "sine.periods": (
        "paper",
        '10; printed: "a series of ten sinusoidal electric field pulses". That a pulse is a whole period, that they '
        "follow without a break, the positive half first, and that Fig 4 has as many, is assumed",
    ),
    "constant.fields_v_nm": ("assumed", "the paper has no constant fields: they say what a sweep cannot"),
    "constant.duration_ps": ("assumed", "at each of them"),
    "steps.from_v_nm": ("paper", '0 for ordering ("a relaxed system"); for relaxing the start is not printed'),
    "steps.prepare_ps": ("assumed", "at that field, before the step"),
    "steps.to_v_nm": (
        "assumed",
        "not printed",
    ),
    "steps.path": (
        "assumed",
        'jump (from the start to each field) or staircase (from field to field). Printed: "gradually increase the '
        'electric field in the forward process (Fig. 3A) and reduce the field in the reverse process"; '
        "sigma_theta(t) along the sweep itself would be as literal",
    ),
    "steps.duration_ps": ("assumed", "after the step; no time of Figs 2D and 3 is printed"),
    "pair.prime_v_nm": ("paper", "2.0 V/nm before PPF; 0 before PPD"),
    "pair.prime_ps": ("paper", "20 ps before PPF; none before PPD"),
    "pair.pulse_v_nm": ("paper", "0.7 V/nm in PPF, 0.5 V/nm in PPD"),
    "pair.pulse_ps": ("assumed", "not printed; I is the mean over the whole pulse, which is assumed, too"),
    "pair.gap_v_nm": ("paper", "0.5 V/nm in PPF, 0 in PPD"),
    "pair.delays_ps": (
        "assumed",
        'not printed; that the printed ratios "from 3.1 to 1.2" and "0.2 to 0.9" belong to the shortest and the '
        "longest delay is assumed",
    ),
    "train.prime_v_nm": ("assumed", "fields of the trains are not repeated: those of the pairs"),
    "train.prime_ps": ("assumed", "as in the pairs"),
    "train.pulse_v_nm": ("assumed", "as in the pairs"),
    "train.pulse_ps": ("assumed", "not printed"),
    "train.gap_v_nm": ("assumed", "as in the pairs"),
    "train.gap_ps": ("paper", "5 ps"),
    "train.pulses": ("paper", "10 in STF, after which its current saturates; for STD not printed, taken as many"),
}

#: Choices without a parameter.
CHOICES = """
## Choices that are not numbers

- **Geometry of the sheet**: lattice constant 0.325 nm (16 cells are the printed 5.2 nm), S 0.1528 and Se 0.1706 nm from
  the Mo plane (bonds of 0.242 and 0.2535 nm). None is printed.
- **The sheet is frozen**; the paper gives no bonded terms. Its inner Lennard-Jones pairs are left out.
- **Masses and radii**: Mo and S from Liang, Phillpot and Sinnott (2009) as publicly listed; ions from Joung and
  Cheatham for SPC/E. The numbers, with their sources, are in `lib/janus_pore/build/forcefield.py`.
- **MoS<sub>2</sub>** uses the MoSSe mesh with S on both sides at 0.1528 nm; its own lattice constant would be 0.318 nm.
- **Boundaries**: periodic along x too, so both reservoirs are one; particle-mesh Ewald with a conducting boundary. The
  motion of the centre of mass is kept, and there is no dispersion correction. The paper prints "PME" alone.
- **The angle of the water** is counted from the field, so turned by 180° for E < 0; the paper defines it against +x.
  The windows of the field for P(θ) and σ<sub>θ</sub>(E) are fractions of the largest field, in
  `lib/janus_pore/analyse/mechanism.py`.
- **Two currents**: displacement of all ions over the box length, and charges that cross the pore's plane. The paper
  does not say which it shows; the book shows both.
- **"Reservoirs alone"** beside pulses: capacitance of the sheet, the same at all voltages, and distance of the ions'
  layers from constant fields of the scale `scout`, permittivity of SPC/E water, measured conductivity of 1 M KCl; see
  `lib/janus_pore/analyse/reservoirs.py` and `layers.py`.
- **Forward** means |E| rising, **reverse** |E| falling.
- **A sweep's first cycle** is left out where there are others, as it starts with an uncharged sheet; the paper does not
  say what its ten "pulses" were averaged over.
"""
