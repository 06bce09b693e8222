# Checks of the engine on a cube of bulk electrolyte: settled once, then one run per thermostat, time step and field.

CHECKS = list(checks(SCALE))

rule engine_settle:
    output: f"{RUNS}/engine/settle.done"
    params:
        settings="".join(m.model_dump_json() for m in (SCALE.md, next(iter(SCALE.systems.values())), SCALE.engine)),
        walltime=max_hours,
    threads: SCALE.ensemble.cores_per_run
    resources:
        mem_mb=4000,
        **walltime(lambda wc, **how: cost.check_minutes(SCALE, None, **how))
    message: "Settling the bulk electrolyte"
    shell: "janus-pore engine {SCALE_FILE:q} --name settle --threads {threads} {params.walltime} --done {output:q}"

rule engine_run:
    input: rules.engine_settle.output
    output: f"{RUNS}/engine/{{check}}.done"
    params: walltime=max_hours
    wildcard_constraints: check="|".join(re.escape(name) for name in CHECKS)
    threads: SCALE.ensemble.cores_per_run
    resources:
        mem_mb=4000,
        **walltime(lambda wc, **how: cost.check_minutes(SCALE, checks(SCALE)[wc.check], **how))
    message: "Checking the engine: {wildcards.check}"
    shell:
        "janus-pore engine {SCALE_FILE:q} --name={wildcards.check} --threads {threads} {params.walltime} "
        "--done {output:q}"

rule engine_reduce:
    input: expand(rules.engine_run.output, check=CHECKS), code("reduce")
    output: f"{RUNS}/engine.nc"
    resources: mem_mb=4000
    message: "Reducing the checks of the engine"
    shell: "janus-pore engine {SCALE_FILE:q} --name reduce"
