# Reference data: shipped replicas put together, and the notebooks that the book shows of them; and the campaigns scout and held.
from janus_pore.show.book import toc_entries

PAGES = [entry.split("/", 2)[1:] for entry in toc_entries("book/_toc.yml") if entry.startswith("reference/")]

def pages_of(scale):
    """The pages of the book that are made of a scale's shipped data, made of this campaign's instead."""
    return [f"{RUNS}/notebooks/{notebook}.ipynb" for shipped, notebook in PAGES if shipped == scale]

rule scout:
    # every reading of the scale's file, and the pages that compare them: make scout
    input: REDUCED, ALL_FORCES, pages_of("scout")

rule held:
    # a Cl- held at every place of the scale's file, and the page that integrates the force on it: make held
    input: REDUCED, ALL_FORCES, pages_of("held")

rule reference:
    input:
        lambda wildcards: [str(path) for path in sorted(Path(SHELF, wildcards.shipped).rglob("*")) if path.is_file()],
        code("reduce"),
    output: "runs/reference/{shipped}.done"
    resources: mem_mb=4000
    message: "Reference data of scale {wildcards.shipped}"
    shell: "janus-pore reference {SHELF}/{wildcards.shipped}/scale.yml --runs runs/reference --done {output:q}"

rule reference_notebook:
    input: "notebooks/{notebook}.ipynb", rules.reference.output, beside, code(".")
    output: "runs/reference/{shipped}/notebooks/{notebook}.ipynb"
    wildcard_constraints: notebook="0[0-9]_[a-z]+/[0-9a-z_]+"
    resources: mem_mb=8000
    message: "Executing notebook {wildcards.notebook} on reference data of scale {wildcards.shipped}"
    shell:
        "janus-pore notebook {SHELF}/{wildcards.shipped}/scale.yml --runs runs/reference --name {wildcards.notebook}"
