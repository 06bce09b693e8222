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
    params:
        settings=SCALE.md.model_dump_json() + SCALE.equilibration.model_dump_json(exclude={"discard_ps"}),
        walltime=max_hours,
    # nothing else can run meanwhile: the whole machine; on a cluster, where nobody waits, what a replica gets
    threads: (not workflow.remote_exec and workflow.resource_settings.cores) or SCALE.ensemble.cores_per_run
    resources:
        mem_mb=4000,
        **walltime(lambda wc, **how: cost.minutes(SCALE, CAMPAIGN, wc.system, SCALE.equilibration.duration_ps, **how))
    message: "Minimising and equilibrating {wildcards.system}"
    shell:
        "janus-pore equilibrate {SCALE_FILE:q} --system {wildcards.system} --threads {threads} {params.walltime} "
        "--done {output:q}"

def job_of(wildcards, **how):
    """What one job of a protocol asks for (minutes)."""
    return cost.job_minutes(SCALE, CAMPAIGN, wildcards.system, PROTOCOLS[wildcards.system][wildcards.protocol], **how)

def on_shelf(system, name, replicas):
    """The manifests of those of a protocol's replicas that can be taken over, or were: none that was begun here."""
    paths = [Path(SHELF, SCALE.scale, system, name, f"r{k:03d}.json") for k in replicas if not CAMPAIGN.begun(system, name, k)]
    return [str(path) for path in paths if TAKE_OVER and path.exists() and path.with_suffix(".nc").exists()]

def any_runs_here(system, name, replicas):
    """Whether one of a protocol's replicas is run here, and not taken over."""
    return any(not on_shelf(system, name, [k]) and not (TAKE_OVER and CAMPAIGN.took_over(system, name, k)) for k in replicas)

def runs_here(system):
    """Whether a system has replicas that are run here; if all are taken over it need not be equilibrated."""
    protocols = {name: replicas_of(SCALE, protocol) for name, protocol in PROTOCOLS[system].items()}
    return not protocols or any(any_runs_here(system, name, replicas) for name, replicas in protocols.items())

def members_of(wildcards):
    """The replicas that a job runs."""
    return members(int(wildcards.pack), int(wildcards.size), replicas_of(SCALE, PROTOCOLS[wildcards.system][wildcards.protocol]))

def starts(wildcards):
    """What a job waits for: the equilibration that its replicas start from, if it runs any, and what is on the shelf.

    The manifests are inputs so that data or forces which are shipped later are taken over, too.
    """
    system, name, job = wildcards.system, wildcards.protocol, members_of(wildcards)
    begin = [f"{RUNS}/{system}/equilibrate.done"] if any_runs_here(system, name, job) else []
    return begin + on_shelf(system, name, job)

rule replica:
    # replicas in turn (ensemble.batch_minutes) and side by side (ensemble.replicas_per_job); long ones: a job each
    input: starts
    output: f"{RUNS}/{{system}}/{{protocol}}/pack{{pack}}x{{size}}.done"
    params:
        # more replicas or systems are a reason for the jobs alone that have them to run
        replicas=lambda wc: str(members_of(wc)),
        protocol=lambda wc: repr(replace(PROTOCOLS[wc.system][wc.protocol], replicas=None, systems=())),
        begin=f"{SCALE.ensemble.spacing_ps} {SCALE.ensemble.randomise_ps}",  # another one is refused where replicas are
        walltime=max_hours,
        **({} if TAKE_OVER else {"shipped": "no"}),  # a reason to run jobs again that took replicas over
    wildcard_constraints: size="[0-9]+"
    threads: SCALE.ensemble.cores_per_run * SCALE.ensemble.replicas_per_job
    resources:
        mem_mb=4000 * SCALE.ensemble.replicas_per_job,
        **walltime(job_of)
    message: "Running {wildcards.protocol} of {wildcards.system}, job {wildcards.pack} of {wildcards.size} replicas each"
    shell:
        "janus-pore pack {SCALE_FILE:q} --system {wildcards.system} --protocol {wildcards.protocol} "
        "--pack {wildcards.pack} --threads {threads} {TAKE_OVER} {params.walltime} --done {output:q}"
