"""Declare that a difference is meant: an entry in the allow-list of a definition, as a patch or a commit."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO

from msgspec import Struct

from previewer.domain.commit.revision import Commit
from previewer.domain.compose.definition import Role
from previewer.domain.parity.compare import Parity
from previewer.domain.parity.difference import ParityDifference, ParitySide
from previewer.errors import NotFoundError, UsageError
from previewer.session.run import Run
from previewer.session.session import Session


class Declaration(Struct, frozen=True):
    """What would be written."""

    file: str
    """The definition's, relative to the root."""
    branch: str
    """Where the commit is made."""
    base: str
    """The commit that it is made upon: the tip of the default branch, or of ``branch`` where that has more."""
    before: str
    after: str
    """The file's text."""
    difference: ParityDifference
    reason: str

    @property
    def patch(self) -> str:
        """As ``git apply`` takes it."""
        import difflib

        before, after = (list(StringIO(text, newline="\n")) for text in (self.before, self.after))
        said = difflib.unified_diff(before, after, f"a/{self.file}", f"b/{self.file}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in said)


def find_difference(parity: Parity, path: str) -> ParityDifference:
    """The undeclared difference at ``path``. Raises :class:`NotFoundError`."""
    for difference in parity.differences:
        if difference.path == path:
            if difference.is_declared:
                raise UsageError("it is declared already", where=path, hint=difference.reason)
            return difference
    raise NotFoundError("nothing differs there", where=path, hint="`previewer parity` lists the paths")


def allowing_side(parity: Parity) -> tuple[ParitySide, ParitySide]:
    """The side whose list takes the entry, and the other: a preview's counts beside another preview only.

    Where both count it is the less guarded one's, which is deployed more often: an entry counts once it runs.
    """
    first, second = sorted((parity.left, parity.right), key=lambda side: list(Role).index(side.role))
    is_guarded = second.role is not Role.PREVIEW
    return (second, first) if is_guarded and first.role is Role.PREVIEW else (first, second)


def declaration_branch(parity: Parity) -> str:
    """Where entries are committed unless another branch is named: one branch for all of one definition."""
    return f"parity-{allowing_side(parity)[0].definition.name}"


def entry_text(parity: Parity, difference: ParityDifference, reason: str) -> str:
    """The entry alone, in YAML."""
    from previewer.definition.allow_entry import allow_entry

    return allow_entry(_entry(parity, difference, reason))


def _entry(parity: Parity, difference: ParityDifference, reason: str) -> Mapping[str, str]:
    """It covers the difference between sides of these roles only."""
    _side, other = allowing_side(parity)
    return {"path": difference.path, "reason": reason, "against": other.role.value}


def plan_declaration(
    session: Session, parity: Parity, difference: ParityDifference, *, reason: str, branch: str = ""
) -> Declaration:
    """What has to be written for the difference to be declared; without ``branch``, on ``parity-DEFINITION``.

    Raises :class:`UsageError` without a reason, :class:`NotFoundError` where the default branch has not got the
    definition, and :class:`DefinitionError` for a file that cannot be added to.
    """
    from previewer.definition.allow_entry import with_allow_entry

    if not reason.strip():
        raise UsageError(
            "say why it is meant", where=difference.path, hint="--reason 'production carries the load'"
        )
    default = session.source.default_branch()
    if default.commit is None:
        raise UsageError("no default branch has a definition to add to", hint=default.reason)
    branch = branch or declaration_branch(parity)
    tip = next((one.commit for one in session.source.branches() if one.name == branch), default.commit)
    is_ahead = bool(session.source.commits_between(default.commit, tip, limit=1))
    base = tip if is_ahead else default.commit
    file = allowing_side(parity)[0].definition.files[0]
    tree = session.source.tree(base)
    if not tree.is_file(file):
        raise NotFoundError(f"{default.name} has no such definition", where=file)
    before = tree.read(file).decode("utf-8", "surrogateescape")
    after = with_allow_entry(before, _entry(parity, difference, reason.strip()), where=file)
    return Declaration(file, branch, base, before, after, difference, reason.strip())


def commit_declaration(run: Run, declaration: Declaration) -> Commit:
    """Commit it to its branch; no working tree is touched. Raises :class:`SourceError`."""
    message = (
        f"Declare that {declaration.difference.path} differs\n\n"
        f"{declaration.reason}\n\nIn {declaration.file}: x-previewer.parity.allow."
    )
    files = {declaration.file: declaration.after}
    return run.session.source.commit_to_branch(declaration.branch, declaration.base, files, message=message)
