"""What can be done with definitions that a repository does not have yet: try them, and commit them on a branch."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from previewer.domain.policy.check import Check, Verdict
from previewer.domain.units import counted
from previewer.errors import PreviewerError
from previewer.operations.init import InitPlan, commit_init
from previewer.operations.try_definition import try_definition
from previewer.session.run import Run
from previewer.tui.request import Choice, Done, JobKind, Request

BRANCH = "previewer-start"
"""What is offered as the new branch's name."""
SIGNS = {Verdict.OK: "✔", Verdict.WARNING: "!", Verdict.FAILED: "✖"}


class Beginning(Struct, frozen=True):
    """What is derived from a repository, and whether it would run."""

    plan: InitPlan
    checks: tuple[Check, ...]
    sources: tuple[str, ...] = ()
    """What it begins with, where the user chose that."""

    @property
    def problems(self) -> tuple[Check, ...]:
        """What would keep it from running."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAILED)


def first_use_jobs(
    beginning: Beginning, *, docker_host: str | None, environment: Mapping[str, str]
) -> Mapping[str, JobKind]:
    """The jobs by the ids of the actions that ask for them."""
    plan = beginning.plan
    flags = tuple(part for source in beginning.sources for part in ("--from", source))

    def perform_try(run: Run, _request: Request) -> Done:
        checks = try_definition(run, plan.files, docker_host=docker_host, environment=environment, timeout=None)
        failed = [check for check in checks if check.verdict is Verdict.FAILED]
        if failed:
            raise PreviewerError(f"{failed[0].name}: {failed[0].detail}", hint=failed[0].hint)
        return Done(tuple(check_words(check) for check in checks))

    def perform_write(run: Run, request: Request) -> Done:
        made = commit_init(run.session, plan.files, branch_of(request))
        files = ", ".join(made.files)
        return Done((f"{files} {'is' if len(made.files) == 1 else 'are'} on the new branch {made.branch}",))

    return {
        "try": JobKind(
            verb="init",
            progress_label="trying",
            button="Try it",
            title=lambda request: f"Try what {request.project} would run",
            meaning="It runs HEAD with these files, asks for its page, and removes all of it. Nothing is written.",
            choices=lambda _request: (Choice("", None, ("--try", *flags)),),
            propose=lambda _session, _request: (
                f"run HEAD with {counted(len(plan.files), 'file')} more, as a project of its own",
                "ask for its page",
                "remove its containers, networks, volumes and images",
            ),
            perform=perform_try,
        ),
        "write": JobKind(
            verb="init",
            progress_label="writing",
            button="Commit them",
            title=lambda request: f"Commit the definitions on a new branch {branch_of(request)}",
            meaning="Nothing that is checked out changes. Merge the branch when you like what it runs.",
            nothing="HEAD has all of the definitions already.",
            choices=lambda _request: (Choice(BRANCH, BRANCH, ("--branch", BRANCH, *flags)),),
            other="another name for the branch",
            other_flag=" ".join((*flags, "--branch")),
            propose=lambda _session, _request: tuple(f"add {path}" for path in sorted(plan.files)),
            perform=perform_write,
            is_quick=True,
        ),
    }


def branch_of(request: Request) -> str:
    """The branch that is made."""
    return str(request.option)


def check_words(check: Check) -> str:
    """``✔ up: web runs after 3.1 s``."""
    return f"{SIGNS[check.verdict]} {check.name}: {check.detail}"
