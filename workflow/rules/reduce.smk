# Trajectories to netCDF: one pass each, then the replicas of a protocol together.

def code(*names):
    """Source files of the package that decide a result: an edit reruns what depends on it."""
    return [str(path) for name in names for path in sorted(Path("lib/janus_pore", name).rglob("*.py"))]

PORE = (SCALE.analysis.pore_radius_nm, SCALE.analysis.pore_half_depth_nm)

def discarded_ps(wildcards):
    """What is left out at the start of a constant field; of other protocols nothing is."""
    constant = PROTOCOLS[wildcards.system][wildcards.protocol].kind == "constant"
    return SCALE.analysis.discard_ps if constant else 0

rule profile:
    input: rules.equilibrate.output, code("reduce")
    output: f"{RUNS}/{{system}}/equilibrate.nc"
    params: settings=SCALE.equilibration.model_dump_json(), pore=PORE
    resources: mem_mb=4000
    message: "Profiles of the equilibrated {wildcards.system}"
    shell: "janus-pore profile {SCALE_FILE:q} --system {wildcards.system}"

def pack_of(wildcards):
    """The stamp of the job that ran a replica."""
    size = cost.job_size(SCALE, wildcards.system, PROTOCOLS[wildcards.system][wildcards.protocol])
    return pack_stamp(wildcards.system, wildcards.protocol, int(wildcards.replica), size)

def pack_stamp(system, protocol, replica, size):
    return f"{RUNS}/{system}/{protocol}/pack{replica // size:03d}x{size}.done"

rule reduce:
    input: pack_of, code("reduce")
    output:
        update(f"{RUNS}/{{system}}/{{protocol}}/r{{replica}}.nc"),  # not deleted before there is a new one
        f"{RUNS}/{{system}}/{{protocol}}/r{{replica}}.done",  # missing if it failed
    params: pore=PORE, discard_ps=discarded_ps
    resources: mem_mb=4000
    message: "Reducing {wildcards.protocol} of {wildcards.system}, replica {wildcards.replica}"
    shell:
        "janus-pore reduce {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol} "
        "--replica {wildcards.replica} && touch {output[1]:q}"

def reduced_replicas(wildcards):
    """The reduced replicas of a protocol."""
    place = f"{RUNS}/{wildcards.system}/{wildcards.protocol}"
    replicas = replicas_of(SCALE, PROTOCOLS[wildcards.system][wildcards.protocol])
    return [f"{place}/r{k:03d}.{end}" for k in replicas for end in ("nc", "done")]

rule collect:
    input: reduced_replicas
    output: f"{RUNS}/{{system}}/{{protocol}}.nc"
    resources: mem_mb=8000
    message: "Collecting {wildcards.protocol} of {wildcards.system}"
    shell: "janus-pore collect {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol}"

def reduced(system):
    """All that is made of a system's runs, from the sheet to the collected replicas, stamps included."""
    found = [f"{RUNS}/systems/{system}/built.done", f"{RUNS}/{system}/equilibrate.done"] if runs_here(system) else []
    for name, protocol in PROTOCOLS[system].items():
        size, replicas = cost.job_size(SCALE, system, protocol), replicas_of(SCALE, protocol)
        found += sorted({pack_stamp(system, name, k, size) for k in replicas})
        found += [f"{RUNS}/{system}/{name}/r{k:03d}.done" for k in replicas] + [f"{RUNS}/{system}/{name}.nc"]
    return found

REDUCED = [path for system in SCALE.systems for path in reduced(system)]
