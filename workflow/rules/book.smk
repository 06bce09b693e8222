# Notebooks executed with the scale's parameters, and the book rendered from the executed copies.

NOTEBOOKS = [str(path.relative_to("notebooks").with_suffix("")) for path in sorted(Path("notebooks").glob("0*/*.ipynb"))]
MAIN = next(iter(SCALE.systems))
COLLECTED = [f"{RUNS}/{system}/{name}.nc" for system in PROTOCOLS for name in PROTOCOLS[system]]
#: The pages about one system take its other placements of ions along, which differ by `seed` alone.
OF_MAIN = SCALE.placements.get(MAIN, [MAIN])
MAIN_COLLECTED = [f"{RUNS}/{system}/{name}.nc" for system in OF_MAIN for name in PROTOCOLS[system]]

def data_for(wildcards):
    """What a notebook's part of the paper needs before it can run."""
    part, name = wildcards.notebook.split("/")
    built = [f"{RUNS}/{system}/equilibrate.nc" for system in SCALE.systems]
    checked = [f"{RUNS}/engine.nc"] if name.endswith(("engine_checks", "campaign")) else []
    forces = sum((FORCES[system] for system in OF_MAIN), []) if name.endswith(("barriers", "mechanism")) else []
    if name.endswith(("where_the_barrier_is", "waiting_ions", "held_ion")):  # compare every system that has forces
        forces = sum(FORCES.values(), [])
    return {
        "01_build": [f"{RUNS}/systems/{MAIN}/built.done"] + (built if "equilibration" in wildcards.notebook else []),
        "02_simulate": (COLLECTED if "campaign" in wildcards.notebook else []) + checked,
    }.get(part, (COLLECTED if name.endswith(("membrane_charge", "sensitivity", "waiting_ions")) else MAIN_COLLECTED) + forces)

def beside(wildcards):
    """The shipped data of all scales, put together, for the pages that compare with them."""
    shipped = sorted(path.parent.name for path in Path(SHELF).glob("*/scale.yml"))
    return [f"runs/reference/{name}.done" for name in shipped if wildcards.notebook.endswith(("loop", "sheet_voltage"))]

rule notebook:
    input: "notebooks/{notebook}.ipynb", data_for, beside, code("."), ancient(SCALE_FILE)
    output: f"{RUNS}/notebooks/{{notebook}}.ipynb"
    params: scale=SCALE.model_dump_json()
    wildcard_constraints: notebook="0[0-9]_[a-z]+/[0-9a-z_]+"
    resources:
        mem_mb=8000,
        **walltime(lambda wc, attempt, cap: min(60 * attempt, cap))  # one reads every trajectory to see that it is whole
    message: "Executing notebook {wildcards.notebook}"
    shell: "janus-pore notebook {SCALE_FILE:q} --name {wildcards.notebook}"

def every_kind(wildcards):
    """No file: the book has pages about every kind of protocol, and stops here if one is not asked for."""
    if SCALE.lacks:
        raise WorkflowError(
            f"the book has pages about protocols of kind {', '.join(SCALE.lacks)}, and {SCALE_FILE} has none: add them "
            "(config/course.yml shows how), or ask for less, as `make scout` does"
        )
    return []

rule html:
    input:
        every_kind,
        [str(path) for path in sorted(Path("book").rglob("*")) if path.is_file() and path.parts[1] not in ("_build", "notebooks")],
        sorted(str(path) for path in (*Path("config").glob("*.yml"), *Path("docs/adr").glob("*.md"))),
        code("show"),
        notebooks=expand(f"{RUNS}/notebooks/{{notebook}}.ipynb", notebook=NOTEBOOKS),
        shipped=lambda wildcards: [f"runs/reference/{scale}/notebooks/{notebook}.ipynb" for scale, notebook in PAGES],
    output: "book/_build/html/index.html"
    params: scale=SCALE.scale
    resources: mem_mb=4000
    message: "Rendering the book"
    shell: "janus-pore book {SCALE_FILE:q}"
