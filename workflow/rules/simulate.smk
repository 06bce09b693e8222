# 01_build and 02_simulate: systems, their equilibration, and the replicas of every protocol.

rule build:
    output: f"{RUNS}/systems/{{system}}/built.done"
    params: system=lambda wc: SCALE.systems[wc.system].model_dump_json()
    resources: mem_mb=4000
    message: "Building {wildcards.system}: sheet, pore, water, ions"
    shell: "janus-pore build {SCALE_FILE:q} --system {wildcards.system} && touch {output:q}"

rule equilibrate:
    input: rules.build.output
    output: f"{RUNS}/{{system}}/equilibrate.done"
    params: settings=SCALE.md.model_dump_json() + SCALE.equilibration.model_dump_json(), walltime=max_hours
    # nothing else can run meanwhile: the whole machine; on a cluster, where nobody waits, what a replica gets
    threads: (not workflow.remote_exec and workflow.resource_settings.cores) or SCALE.ensemble.cores_per_run
    resources: mem_mb=4000
    message: "Minimising and equilibrating {wildcards.system}"
    shell:
        "janus-pore equilibrate {SCALE_FILE:q} --system {wildcards.system} --threads {threads} {params.walltime} "
        "--done {output:q}"

rule inputs:
    input: rules.equilibrate.output
    output: f"{RUNS}/{{system}}/{{protocol}}/inputs.done"
    params: protocol=lambda wc: repr(PROTOCOLS[wc.system][wc.protocol])
    message: "Run inputs of {wildcards.protocol} for {wildcards.system}"
    shell: "janus-pore inputs {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol} --done {output:q}"

rule replica:
    # one job a pack: ensemble.replicas_per_job replicas side by side (1: a job a replica)
    input: rules.inputs.output
    output: f"{RUNS}/{{system}}/{{protocol}}/pack{{pack}}x{SCALE.ensemble.replicas_per_job}.done"
    params: walltime=max_hours
    threads: SCALE.ensemble.cores_per_run * SCALE.ensemble.replicas_per_job
    resources: mem_mb=4000 * SCALE.ensemble.replicas_per_job
    message: "Running {wildcards.protocol} of {wildcards.system}, pack {wildcards.pack} of replicas"
    shell:
        "janus-pore pack {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol} "
        "--pack {wildcards.pack} --threads {threads} {params.walltime} --done {output:q}"
