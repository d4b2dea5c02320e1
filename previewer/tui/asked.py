"""What screens ask of the application: messages that it answers by opening screens and starting operations."""

from __future__ import annotations

from enum import Enum
from typing import Self

from textual.message import Message

from previewer.tui.requests import Request


class Destination(Enum):
    """A screen that can be gone to."""

    ENVIRONMENT = "environment"
    COMMITS = "commits"
    PROGRESS = "progress"


class ScreenAsked(Message):
    """The user goes somewhere."""

    def __init__(self, destination: Destination, name: str = "", *, tab: str = "", number: int = 0) -> None:
        super().__init__()
        self.destination = destination
        self.name = name
        """Of the environment or the branch."""
        self.tab = tab
        """Of the environment's screen: ``overview``, ``logs`` or ``plan``."""
        self.number = number
        """Of the operation."""

    @classmethod
    def environment(cls, name: str, *, tab: str = "overview") -> Self:
        """To an environment."""
        return cls(Destination.ENVIRONMENT, name, tab=tab)

    @classmethod
    def commits(cls, branch: str) -> Self:
        """To a branch's commits."""
        return cls(Destination.COMMITS, branch)

    @classmethod
    def progress(cls, number: int) -> Self:
        """To an operation."""
        return cls(Destination.PROGRESS, number=number)


class RequestMade(Message):
    """The user wants something that has to be confirmed."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


class CopyAsked(Message):
    """The user wants a text in the clipboard."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class BrowseAsked(Message):
    """The user wants a URL in a browser."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class RefreshAsked(Message):
    """The user wants git and the engine asked again."""
