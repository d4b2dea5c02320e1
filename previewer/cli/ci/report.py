"""What a command came to, for the CI system that runs it; and the comment on the pull request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from previewer.cli.invocation import Invocation
from previewer.errors import UsageError
from previewer.forge.job import Platform, find_job

if TYPE_CHECKING:
    from previewer.domain.environment.environment import Environment


def publish(
    invocation: Invocation,
    *,
    outputs: Mapping[str, str | None] | None = None,
    variables: Mapping[str, str] | None = None,
    summary: Sequence[str] = (),
) -> None:
    """Outputs and the page of a GitHub job, variables of a GitLab job. A file that cannot be written is told."""
    try:
        if invocation.platform is Platform.GITHUB:
            from previewer.cli.ci.github import write_outputs, write_summary

            known = {name: value for name, value in (outputs or {}).items() if value is not None}
            write_outputs(invocation.environment, known)
            if summary:
                write_summary(invocation.environment, summary)
        elif invocation.platform is Platform.GITLAB and variables:
            from previewer.cli.ci.gitlab import write_dotenv

            write_dotenv(Path.cwd(), variables)
    except OSError as error:
        invocation.diagnostics.warn(f"the job's report cannot be written: {error}")


def publish_environment(invocation: Invocation, environment: Environment) -> None:
    """An environment that is up."""
    if invocation.platform not in (Platform.GITHUB, Platform.GITLAB):
        return
    from previewer.cli.json_text import to_json_line
    from previewer.cli.rows.comment import environment_markdown
    from previewer.cli.rows.environments import urls_by_service
    from previewer.domain.environment.urls import url_variables

    owner = environment.ownership
    publish(
        invocation,
        outputs={
            "environment": environment.name,
            "url": environment.url,
            "urls": to_json_line(urls_by_service(environment)),
            "state": environment.state.value,
            "commit": owner.commit,
            "release": owner.release,
        },
        variables={
            "PREVIEWER_ENVIRONMENT": environment.name,
            "PREVIEWER_COMMIT": owner.commit,
            "PREVIEWER_RELEASE": owner.release,
            **url_variables(environment),
        },
        summary=environment_markdown(environment),
    )


def post(invocation: Invocation, name: str, lines: Sequence[str]) -> None:
    """Create or update the comment about ``name``. What goes wrong is told, and fails nothing."""
    from previewer.errors import PreviewerError
    from previewer.forge.comments import post_comment

    job = find_job(invocation.environment, invocation.platform)
    try:
        posted = post_comment(job, invocation.environment, name, "".join(f"{line}\n" for line in lines))
    except PreviewerError as error:
        invocation.diagnostics.warn(str(error), error.hint)
        return
    invocation.diagnostics.note(f"comment {'written' if posted.is_new else 'updated'}: {posted.url}".rstrip(": "))


def write_report(path: Path | None, text: Callable[[], str]) -> None:
    """Write what ``text`` makes to ``path``, if that is given. Raises :class:`UsageError` where it cannot be."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=str(path)) from error
