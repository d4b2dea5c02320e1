# Every target sets up what it needs by itself. `make help` lists them.

PYTEST_FLAGS ?= -n 2 --dist loadgroup

.PHONY: help demo test lint types walls check format lock screenshots bench dist clean bootstrap

help: ## Say what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

demo: bootstrap ## Bring up two branches of a sample application side by side, look at them, and remove everything
	@.venv/bin/python -m demo.run

test: bootstrap ## Run all tests, those on a real Docker engine included
	@scripts/run_tests $(PYTEST_FLAGS)

lint: bootstrap ## Check style and formatting
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: bootstrap ## Check types
	.venv/bin/mypy

walls: bootstrap ## Check which module may import which
	.venv/bin/python -m pytest tests/walls -q

check: lint types walls ## All checks that take seconds

format: bootstrap ## Format the code
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

lock: bootstrap ## Take newer versions of the dependencies into requirements.lock
	scripts/lock

screenshots: bootstrap ## Draw the pictures and the recording of the README: the demo on a real engine
	@.venv/bin/python -m scripts.screenshots

dist: bootstrap ## Build the wheel and the sdist, the same bytes each time, with a bill of materials
	@.venv/bin/python -m scripts.dist

bench: bootstrap ## Compare with docker compose and the bare engine (all of it: BENCH_FLAGS=--full)
	@.venv/bin/python -m scripts.test_programs .venv/test-programs --only busybox
	@DOCKER_HOST=$$(.venv/bin/python -m scripts.ensure_engine) && export DOCKER_HOST && .venv/bin/python -m benchmarks.run $(BENCH_FLAGS)

clean: ## Remove what make made in this folder
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap:
	@scripts/bootstrap
