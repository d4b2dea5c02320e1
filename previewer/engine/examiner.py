"""What drift, parity and debugging ask of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from previewer.domain.drift.fields import Fields
from previewer.domain.engine.examination import EngineHappening, Examination, FileChange
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.engine.protocol import Stream

NO_PLACES: Mapping[str, str] = MappingProxyType({})


class Examiner(Protocol):
    """A close look at an engine. It changes nothing. Methods block and may be called from several threads."""

    def examine(self, installation: str, *, environment: str = "") -> Examination:
        """Everything of one repository, and of others as much as meets it, in a constant number of lists.

        With ``environment``, only containers of that one are looked at closely; all others are strangers.
        """
        ...

    def describe(self, spec: ContainerSpec) -> Fields:
        """The normal form of the container that the engine would make of ``spec`` today.

        Raises :class:`ObjectNotFoundError` where its image is gone.
        """
        ...

    def describe_network(self, spec: NetworkSpec) -> Fields:
        """The same of a network, without its subnet."""
        ...

    def describe_volume(
        self, spec: VolumeSpec, *, layers: Sequence[str] = (), mountpoints: Mapping[str, str] = NO_PLACES
    ) -> Fields:
        """The same of a volume, of one that shows ``layers`` (topmost first) if there are any.

        ``mountpoints`` say where the volumes of the layers are on the engine's host.
        """
        ...

    def file_changes(self, containers: Sequence[str]) -> Mapping[str, tuple[FileChange, ...]]:
        """What the engine lists as not as in the image, by container id; one that is gone is left out."""
        ...

    def rewritten_files(self, changes: Mapping[str, Sequence[FileChange]]) -> Mapping[str, tuple[FileChange, ...]]:
        """The files that no such list has, because only their content is not the image's, by container id."""
        ...

    def file_digests(self, container: str, paths: Sequence[str]) -> Mapping[str, str]:
        """A digest of what is at each path; one that is gone, or too large to be told, is left out."""
        ...

    def past_events(self, since: datetime) -> tuple[EngineHappening, ...]:
        """What the engine still knows of, oldest first."""
        ...

    def watch_events(self, since: datetime | None = None) -> Stream[Sequence[EngineHappening]]:
        """What happens from now on. It ends quietly when the engine goes away."""
        ...


class Debugger(Protocol):
    """Copies of data, and shells. Nothing here touches a service."""

    def read_volume(self, volume: str, *, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
        """What a volume holds, as a tar stream, through a container of ``image`` that is never started.

        A program that writes meanwhile is not waited for: what is read may be half written.
        """
        ...

    def run(self, container: str, *, terminal: bool, mask: Callable[[str], str] | None) -> int:
        """Start a container that was made, with this process's standard streams for its own; its exit code.

        ``mask`` is put over each line that it writes.
        """
        ...
