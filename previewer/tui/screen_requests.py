"""What screens ask of the application: messages that it answers by opening screens and starting operations."""

from __future__ import annotations

from enum import Enum
from typing import Self

from textual.message import Message

from previewer.tui.request import Request


class Destination(Enum):
    """A screen that can be gone to."""

    ENVIRONMENT = "environment"
    COMMITS = "commits"
    PARITY = "parity"
    DIFF = "diff"
    PROGRESS = "progress"
    JOBS = "jobs"
    START = "start"
    RELEASES = "releases"


class ScreenRequested(Message):
    """The user goes somewhere."""

    def __init__(
        self, destination: Destination, name: str = "", *, other: str = "", tab: str = "", number: int = 0
    ) -> None:
        super().__init__()
        self.destination = destination
        self.name = name
        """The name of the environment, the branch or the first of two sides."""
        self.other = other
        """The second of two sides."""
        self.tab = tab
        """The tab of the environment's screen: ``overview``, ``logs``, ``drift``, …"""
        self.number = number
        """The operation's number."""

    @classmethod
    def environment(cls, name: str, *, tab: str = "overview") -> Self:
        """To an environment."""
        return cls(Destination.ENVIRONMENT, name, tab=tab)

    @classmethod
    def commits(cls, branch: str) -> Self:
        """To a branch's commits."""
        return cls(Destination.COMMITS, branch)

    @classmethod
    def parity(cls, left: str = "", right: str = "") -> Self:
        """To two sides beside each other; empty names mean staging and production."""
        return cls(Destination.PARITY, left, other=right)

    @classmethod
    def diff(cls, old: str, new: str) -> Self:
        """To what changed from one release to another; each is a release, an environment or a revision."""
        return cls(Destination.DIFF, old, other=new)

    @classmethod
    def jobs(cls) -> Self:
        """To the list of operations."""
        return cls(Destination.JOBS)

    @classmethod
    def progress(cls, number: int) -> Self:
        """To an operation."""
        return cls(Destination.PROGRESS, number=number)


class RequestMade(Message):
    """The user wants something that has to be confirmed."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


class ShellRequested(Message):
    """The user wants a shell in a disposable copy of a service."""

    def __init__(self, environment: str, service: str) -> None:
        super().__init__()
        self.environment = environment
        self.service = service


class CopyRequested(Message):
    """The user wants a text in the clipboard."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class BrowseRequested(Message):
    """The user wants a URL in a browser."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class RefreshRequested(Message):
    """The user wants git and the engine asked again."""
