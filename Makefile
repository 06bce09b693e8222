# make book   builds everything and prints where the book is; `make help` lists the rest.

SCALE ?= tiny
CORES ?= $(shell nproc)
UV    ?= uv

run_all := $(filter no No NO false False FALSE 0,$(SHIPPED))
ifneq ($(filter-out $(run_all) yes Yes YES true True TRUE 1,$(SHIPPED)),)
$(error SHIPPED=$(SHIPPED) is neither yes nor no: say SHIPPED=no to run shipped replicas here, too)
endif

ifneq ($(shell echo "$(CORES)" | grep -cEx '[1-9][0-9]*'),1)
$(error CORES=$(CORES) is no number of cores: say CORES=2, or leave it out for all of them)
endif

setup := bash workflow/setup.sh
snakemake = $(setup) --exec snakemake --cores $(CORES) --profile workflow/profiles/local $(if $(run_all),--config shipped=no)
shelf := $(if $(run_all),--shelf none)
html  := book/_build/html/index.html

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env book plan status scout held verify test lint lock

help: ## list the targets
	@echo "make TARGET [SCALE=tiny] [CORES=n] [SHIPPED=no: run what is shipped too]"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST))

env: ## install what is missing: Python packages into .venv (or the active conda environment), GROMACS
	@$(setup)

book: ## run the notebooks at SCALE on CORES cores and build the HTML book
	@test -f "config/$(SCALE).yml" || { echo "error: there is no config/$(SCALE).yml; SCALE is the name of a file in config/" >&2; exit 1; }
	@$(setup)
	@$(snakemake) --configfile "config/$(SCALE).yml" -- book
	@test -f $(html) || { echo "error: the workflow ended without writing $(html)" >&2; exit 1; }
	@echo "The book is at $(CURDIR)/$(html)"

plan: ## what the campaign SCALE costs: ns, hours, disk (measures the speed here; NS_PER_DAY=x skips that)
	@$(setup)
	@$(setup) --exec janus-pore plan "config/$(SCALE).yml" $(shelf) $(if $(NS_PER_DAY),--ns-per-day $(NS_PER_DAY))

status: ## how far the campaign SCALE is
	@$(setup)
	@$(setup) --exec janus-pore status "config/$(SCALE).yml" $(shelf)

scout: ## run the campaign that compares readings of the paper (config/scout.yml) on CORES cores; goes on where it was
	@$(setup)
	@$(snakemake) --configfile config/scout.yml -- scout

held: ## run the campaign that holds a Cl- along the pore (config/held.yml) on CORES cores; goes on where it was
	@$(setup)
	@$(snakemake) --configfile config/held.yml -- held

verify: ## run a shipped replica again and compare: make verify DATA=data/reference/<scale>/<system>/<protocol>/r000.nc
	@test -f "$(DATA)" && echo "$(DATA)" | grep -Eq '/r[0-9]+\.nc$$' || { echo "error: DATA names no reduced replica; it is one of data/reference/*/*/*/r*.nc" >&2; exit 1; }
	@$(setup)
	@$(setup) --exec janus-pore verify "$(dir $(DATA))../../scale.yml" "$(DATA)" --runs runs/verify

test: ## check the style and run the tests
	@$(setup)
	@$(setup) --exec ruff check
	@$(setup) --slurm; case $$? in 0) tests= ;; 3) tests='not cluster' ;; *) exit 1 ;; esac; \
		$(setup) --exec python -m pytest -m "$$tests"

lint: ## check the style only
	@$(setup)
	@$(setup) --exec ruff check

lock: ## (maintainers) resolve requirements.lock anew from PyPI, with uv
	@command -v "$(UV)" >/dev/null || { echo "error: uv is needed: pip install uv, or make lock UV=/path/to/uv" >&2; exit 1; }
	"$(UV)" pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes \
		--default-index https://pypi.org/simple --no-header --quiet --output-file requirements.lock
