# Forces on Cl- recomputed from stored frames (Table 1): one job a replica, then the replicas of a protocol together.

from janus_pore.simulate import rerun

FORCES = {system: [f"{RUNS}/{system}/{name}.forces.nc" for name in rerun.asked(SCALE, system)] for system in SCALE.systems}

rule forces:
    input: pack_of, [f"lib/janus_pore/{name}.py" for name in ("reduce/forces", "simulate/rerun", "simulate/zeroed")]
    output:
        update(f"{RUNS}/{{system}}/{{protocol}}/r{{replica}}.forces.nc"),  # not deleted before: the same are kept
        f"{RUNS}/{{system}}/{{protocol}}/r{{replica}}.forces.done",  # missing if it failed
    params:
        settings=SCALE.barrier.model_dump_json(exclude=rerun.LATER)
        + SCALE.md.model_dump_json(),
        discard_ps=discarded_ps,
    threads: SCALE.ensemble.cores_per_run
    resources: mem_mb=4000
    message: "Forces on Cl- in {wildcards.protocol} of {wildcards.system}, replica {wildcards.replica}"
    shell:
        "janus-pore forces {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol} "
        "--replica {wildcards.replica} --threads {threads} && touch {output[1]:q}"

def replicas_with_forces(wildcards):
    """The forces of a protocol's replicas."""
    place = f"{RUNS}/{wildcards.system}/{wildcards.protocol}"
    replicas = replicas_of(SCALE, PROTOCOLS[wildcards.system][wildcards.protocol])
    return [f"{place}/r{k:03d}.forces.{end}" for k in replicas for end in ("nc", "done")]

rule collect_forces:
    input: replicas_with_forces
    output: f"{RUNS}/{{system}}/{{protocol}}.forces.nc"
    resources: mem_mb=8000
    message: "Collecting the forces of {wildcards.protocol} of {wildcards.system}"
    shell: "janus-pore forces {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol}"

def forces_of(system):
    """All that is made of the forces of a system's runs, stamps included."""
    protocols = rerun.asked(SCALE, system)
    stamps = [f"{RUNS}/{system}/{name}/r{k:03d}.forces.done" for name in protocols for k in replicas_of(SCALE, protocols[name])]
    return stamps + FORCES[system]

ALL_FORCES = [path for system in SCALE.systems for path in forces_of(system)]
