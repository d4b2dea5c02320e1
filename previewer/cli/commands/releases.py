"""``previewer freeze``, ``inspect``, ``releases`` and ``diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import definition_options, output_option, progress_option, verb
from previewer.cli.terminal import Format
from previewer.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from previewer.domain.compose.definition import ReadingChoice
    from previewer.domain.json_value import JsonObject
    from previewer.operations.diff import Difference
    from previewer.operations.inspect import Inspection


@verb("freeze")
@click.argument("revision", default="HEAD", shell_complete=complete_branches)
@click.option(
    "--from-scratch",
    "--no-cache",
    "from_scratch",
    is_flag=True,
    help="Build every image again, without any cache.",
)
@definition_options()
@click.option("--pull", is_flag=True, help="Pin images again: a tag may have moved since the commit was frozen.")
@click.option("--dry-run", is_flag=True, help="Print what would be pinned and built; do nothing.")
@progress_option()
@output_option()
@pass_invocation
def freeze_command(
    invocation: Invocation,
    *,
    revision: str,
    choice: ReadingChoice,
    from_scratch: bool,
    pull: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Build and pin every image of a commit.

    Prints the release. REVISION is a branch, a tag or a commit; without it, HEAD.
    """
    from previewer.cli.rows.releases import artifact_columns, artifact_rows, release_columns, release_row
    from previewer.cli.running import running
    from previewer.operations.freeze import freeze, plan_freeze

    output = invocation.output
    with invocation.open_session() as session:
        if dry_run:
            from previewer.cli.plan_printer import print_freeze_plan

            plan = plan_freeze(session, revision, choice=choice, use_cache=not from_scratch, pins_again=pull)
            print_freeze_plan(output, plan, form)
            return
        with running(invocation, session, progress) as run:
            result = freeze(
                run,
                revision,
                choice=choice,
                use_cache=not from_scratch,
                pins_again=pull,
            )
        head, artifacts = release_row(result.release), artifact_rows(result.release)
        if form is Format.TABLE:
            output.record(release_columns(session.clock()), head)
            output.line("")
            output.table(artifact_columns(), artifacts)
        else:
            output.value({**head, "was_known": result.was_known, "artifacts": artifacts}, form)


@verb("inspect")
@click.argument("release", metavar="RELEASE", default="HEAD", shell_complete=complete_branches)
@click.option("--packages", is_flag=True, help="List the packages of every image.")
@click.option("--sbom", "service", metavar="SERVICE", help="Print the bill of materials of its image (CycloneDX).")
@click.option("--provenance", is_flag=True, help="Print where it came from (in-toto statement, SLSA provenance).")
@output_option()
@pass_invocation
def inspect_command(
    invocation: Invocation, *, release: str, packages: bool, service: str | None, provenance: bool, form: Format
) -> None:
    """Show what is in a release and where it came from.

    Also shows who signed it, where it runs, and the packages in its images.

    RELEASE is its id or the beginning of it, a revision that was frozen, or an environment; without it, HEAD.
    """
    if packages + (service is not None) + provenance > 1:
        raise UsageError("--packages, --sbom and --provenance are one or the other")
    from previewer.cli.rows.releases import PACKAGE_COLUMNS, incomplete_bills, package_rows
    from previewer.operations.inspect import inspect

    with invocation.open_session() as session:
        inspection = inspect(session, release)
        if packages:
            invocation.output.rows(PACKAGE_COLUMNS, package_rows(inspection), form)
        elif provenance or service is not None:
            document = _provenance(inspection) if service is None else _bill(inspection, service)
            invocation.output.value(document, Format.YAML if form is Format.YAML else Format.JSON)
        else:
            _print(invocation, inspection, form, session.clock())
    if not inspection.engine_answers:
        invocation.diagnostics.warn("no engine answers: sizes and what runs are not known", "previewer doctor")
    for services, note in incomplete_bills(inspection):
        invocation.diagnostics.warn(f"packages of {services} may be missing: {note}")


def _print(invocation: Invocation, inspection: Inspection, form: Format, now: datetime) -> None:
    from previewer.cli.rows.provenance import IMAGE_COLUMNS, image_rows, inspection_columns, inspection_row

    head, images = inspection_row(inspection), image_rows(inspection)
    if form is Format.TABLE:
        invocation.output.record(inspection_columns(now, has_data=bool(head["data"])), head)
        invocation.output.line("")
        invocation.output.table(IMAGE_COLUMNS, images)
    else:
        invocation.output.value({**head, "images": images}, form)


def _provenance(inspection: Inspection) -> JsonObject:
    if inspection.attestations.provenance is None:
        raise NotFoundError(
            "no provenance is kept with this release",
            where=inspection.release.id,
            hint=f"freezing its commit again writes it: previewer freeze {inspection.release.commit}",
        )
    return inspection.attestations.provenance


def _bill(inspection: Inspection, service: str) -> JsonObject:
    images = {
        artifact.image
        for frozen in inspection.release.definitions.values()
        for name, artifact in frozen.artifacts.items()
        if name == service
    }
    if not images:
        known = sorted({name for frozen in inspection.release.definitions.values() for name in frozen.artifacts})
        raise NotFoundError("the release has no such service", where=service, hint=f"it has {', '.join(known)}")
    bills = [
        inspection.attestations.bills[image] for image in sorted(images) if image in inspection.attestations.bills
    ]
    if len(bills) != len(images):
        raise NotFoundError(
            "no bill of materials is kept of this service's image",
            where=service,
            hint=f"freezing its commit again writes it: previewer freeze {inspection.release.commit}",
        )
    if len(bills) > 1:
        raise NotFoundError(
            f"the definitions have {len(bills)} different images of this service",
            where=service,
            hint="`previewer inspect -o json` names them; `--packages` lists all of them",
        )
    return bills[0]


@verb("releases")
@click.option("--remote", metavar="NAME", help="Ask a git remote which of them it has.")
@output_option()
@pass_invocation
def releases_command(invocation: Invocation, *, remote: str | None, form: Format) -> None:
    """List the frozen releases.

    Newest commit first, with the environments that run each, or were good with it.
    """
    from previewer.cli.rows.releases import listed_columns, listed_row
    from previewer.operations.lists import list_releases

    with invocation.open_session() as session:
        listed = list_releases(session, remote=remote)
        rows = [listed_row(release) for release in listed]
        columns = listed_columns(session.clock(), asks_remote=remote is not None)
        invocation.output.rows(columns, rows, form)
    if any(release.running is None for release in listed):
        invocation.diagnostics.warn("no engine answers: what runs is not known", "previewer doctor")
    if not rows:
        invocation.diagnostics.note("no releases", "`previewer freeze REVISION` makes one")


@verb("diff")
@click.argument("old", shell_complete=complete_branches)
@click.argument("new", default="HEAD", shell_complete=complete_branches)
@click.option("--exit-code", is_flag=True, help="End with 3 if anything differs.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request or a changelog.")
@output_option()
@pass_invocation
def diff_command(
    invocation: Invocation, *, old: str, new: str, exit_code: bool, markdown: bool, form: Format
) -> ExitCode:
    """Show what changed from one release to another.

    Commits, files, images, packages, and the values of definitions.

    OLD and NEW are each a release's id, a revision that was frozen, or an environment; without NEW it is HEAD.
    """
    if markdown and form is not Format.TABLE:
        raise UsageError("--markdown and --output are one or the other")
    from previewer.cli.rows.diff import diff_markdown, difference_value
    from previewer.operations.diff import diff

    with invocation.open_session() as session:
        difference = diff(session, old, new)
    if form is not Format.TABLE:
        invocation.output.value(difference_value(difference), form)
    elif markdown:
        invocation.output.lines(diff_markdown(difference))
    else:
        _print_difference(invocation, difference)
    if difference.is_empty:
        invocation.diagnostics.note("nothing differs")
    if not difference.has_commits:
        invocation.diagnostics.warn("commits and files are not known", "fetch them: git fetch --all --tags")
    if difference.content.unknown:
        names = ", ".join(difference.content.unknown)
        invocation.diagnostics.warn(
            f"packages are not known of {names}", "`previewer freeze` of both commits lists them"
        )
    return ExitCode.DIFFERENCE if exit_code and not difference.is_empty else ExitCode.OK


def _print_difference(invocation: Invocation, difference: Difference) -> None:
    """Each part that has something, below its title."""
    from previewer.cli.rows.diff import SECTIONS, section_rows

    is_first, rows = True, section_rows(difference)
    for key, title, columns in SECTIONS:
        if rows[key]:
            if not is_first:
                invocation.output.line("")
            invocation.output.line(f"{title} ({len(rows[key])})")
            invocation.output.table(columns, rows[key])
            is_first = False
