"""A release as it runs: its definition, isolated and with files of the commit, and what these files contain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.mounted_files import FileOwner, config_content, file_references
from previewer.domain.compose.served_files import Served, VolumeContent, serve_files
from previewer.domain.engine.specs import FILL_FOLDER
from previewer.domain.isolation.change import LOOPBACK
from previewer.domain.isolation.isolate import Isolated, isolate
from previewer.errors import NotFoundError, PreviewerError
from previewer.session.session import Session


def release_tree(session: Session, commit: str) -> FileTree:
    """The files of a commit, by its full id; without the commit, those that its releases are kept with.

    Raises :class:`NotFoundError` where the repository has neither.
    """
    try:
        return session.source.tree(commit)
    except NotFoundError:
        kept = session.ledger.served_files(commit)
        if kept is None:
            raise
        return kept


MAX_CONTENT_BYTES = 1024 * 1024
"""The most that one config or secret may have; an engine's own (Swarm's) may have half of that."""


def read_contents(definition: Definition, tree: FileTree, variables: Mapping[str, str]) -> Mapping[str, bytes]:
    """The contents of the configs and secrets that services use, by ``configs/KEY`` and ``secrets/KEY``.

    Raises :class:`DefinitionError` for a file that the commit does not have or a variable that is not set.
    """
    return {
        reference: config_content(definition, reference, tree, variables, limit=MAX_CONTENT_BYTES)
        for service in definition.services.values()
        for reference, _described in file_references(definition, service)
    }


def read_content(
    definition: Definition, reference: str, tree: FileTree, variables: Mapping[str, str]
) -> bytes | None:
    """The content of one, by ``secrets/KEY``; ``None`` where it cannot be had here."""
    try:
        return config_content(definition, reference, tree, variables, limit=MAX_CONTENT_BYTES)
    except PreviewerError:
        return None


def open_archive(
    tree: FileTree, volume: VolumeContent, contents: Mapping[str, bytes], committed_at: datetime
) -> Callable[[FileOwner], Iterator[bytes]]:
    """Opens a tar stream of what a volume holds, as often as it is called, for the owner that it is told.

    ``contents`` are those of :func:`read_contents`.
    """
    commit_time = int(committed_at.timestamp())

    def stream(owner: FileOwner) -> Iterator[bytes]:
        from previewer.freeze.tree_archive import archive_file, archive_tree  # few definitions serve files

        for place, file in volume.given.items():
            path, content = f"{FILL_FOLDER}/{place}", contents[file.reference]
            yield archive_file(path, content, commit_time=commit_time, mode=file.mode, uid=file.uid, gid=file.gid)
        yield from archive_tree(
            tree,
            volume.sources,
            commit_time=commit_time,
            below=FILL_FOLDER,
            owner=owner,
            mount_points=volume.mount_points,
        )

    return stream


def isolated_for(
    session: Session,
    definition: Definition,
    role: Role,
    *,
    branch: str | None,
    commit: str,
    publish: str = LOOPBACK,
) -> Isolated:
    """What an environment in ``role`` makes of a definition; a commit (full id) of ``branch`` decides on trust.

    ``publish`` is the host address of ports without a fixed one.
    """
    trust = session.trust(role, branch=branch, commit=commit)
    return isolate(definition, role=role, trust=trust, publish=publish)


def serve_isolated(isolated: Isolated, frozen: Collection[str], tree: Callable[[], FileTree]) -> Served:
    """:func:`serve_files` of an isolated definition; its rewrites are those of both."""
    served = serve_files(isolated.definition, frozen, tree)
    return replace(served, rewrites=(*isolated.rewrites, *served.rewrites))
