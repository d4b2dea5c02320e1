"""Every error a user can meet, as one tree.

    PreviewerError
    ├── UsageError               the command line or a setting makes no sense
    ├── NotFoundError            a revision, environment, service or release that does not exist
    │   └── AmbiguousError       the beginning of an id that several of them share
    ├── SourceError              git could not answer
    │   ├── NoRepositoryError    a folder that belongs to no repository
    │   └── OutsideTreeError     a path that leaves the commit's tree
    ├── DefinitionError          a Compose file that cannot be used, with its file and line
    ├── PolicyError              a definition asks for what it may not have
    ├── FreezeError              a commit could not be frozen
    │   └── BuildError           an image build failed, with its step and last lines
    ├── RegistryError            a registry refused, failed or does not answer
    ├── EngineError              the engine refused or failed
    │   ├── EngineUnreachableError
    │   ├── ObjectNotFoundError  the engine has no such container, image, network or volume
    │   │   └── ImageGoneError   the engine has no such image
    │   ├── ConflictError        a name, an address range or a host port is taken
    │   │   ├── PortTakenError   a host port is taken
    │   │   └── StuckContainerError  a killed engine lost track of a container
    │   └── UnsupportedError     this engine cannot do that at all
    ├── CapacityError            there is no room for it on the engine, or in the project's quota
    ├── UnhealthyError           a service did not become healthy or a job failed
    ├── LockedError              another run is changing this environment
    ├── TimedOutError
    ├── MachineError             this machine refuses: a full disk, too many open files, no memory
    ├── LeftoversError           something could not be removed; says what remains
    └── CancelledError           the user interrupted; what was begun has been undone
        └── SupersededError      not the user: a later run for the same branch or environment has taken over

Which exit code each becomes is decided in ``previewer.cli.exit_codes`` alone.
"""

from __future__ import annotations


class PreviewerError(Exception):
    """Base of all errors that are shown to the user as one line and a hint.

    ``message`` says what happened, ``where`` the file and line or the object it happened to,
    ``hint`` what to do about it and ``details`` further lines (a build's last output, say).
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        details: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UsageError(PreviewerError):
    """The command line, or a setting, makes no sense."""


class NotFoundError(PreviewerError):
    """There is no such revision, environment, service or release."""


class AmbiguousError(NotFoundError):
    """Several ids begin like this; the hint lists them."""


class SourceError(PreviewerError):
    """Git could not answer a question about the repository."""


class NoRepositoryError(SourceError):
    """A folder belongs to no git repository, or is not there."""


class OutsideTreeError(SourceError):
    """A path leads out of the commit's tree, by ``..``, by being absolute or through a symbolic link."""


class DefinitionError(PreviewerError):
    """A Compose file cannot be read or makes no sense; ``where`` is ``file:line:column``."""


class PolicyError(PreviewerError):
    """A definition asks for something that its branch is not trusted with."""


class FreezeError(PreviewerError):
    """A commit could not be frozen into a release."""


class BuildError(FreezeError):
    """An image build failed; ``details`` holds the failing step and its last lines."""


class RegistryError(PreviewerError):
    """A registry refused, failed or does not answer, or has something else than what it was asked for."""


class EngineError(PreviewerError):
    """The engine refused or failed."""


class EngineUnreachableError(EngineError):
    """No engine answers."""


class ObjectNotFoundError(EngineError):
    """The engine has no such container, image, network or volume."""


class ImageGoneError(ObjectNotFoundError):
    """The engine has no such image: it was never there, or has been removed."""


class ConflictError(EngineError):
    """A name, an address range or a host port is already taken."""


class PortTakenError(ConflictError):
    """A host port is already taken, by a container or by anything else of the engine's host."""


class StuckContainerError(ConflictError):
    """The engine was killed while it started a container, and can't start it any more."""


class UnsupportedError(EngineError):
    """This engine cannot do what was asked, whatever the state it is in."""


class CapacityError(PreviewerError):
    """There is no room for one more environment; nothing was made."""


class UnhealthyError(PreviewerError):
    """A service did not become healthy, ended too early, or a job failed."""


class LockedError(PreviewerError):
    """Another run is changing this environment; ``details`` says who, where and since when."""


class TimedOutError(PreviewerError):
    """Something took longer than the user allowed."""


class MachineError(PreviewerError):
    """This machine refuses what any program may ask of it: its disk is full, too many files are open."""


class LeftoversError(PreviewerError):
    """Something could not be removed; ``details`` lists what remains."""


class CancelledError(PreviewerError):
    """The user interrupted; what had been begun is undone by the time this is raised."""


class SupersededError(CancelledError):
    """A later run for the same branch or environment has taken over; what had been begun is undone."""
