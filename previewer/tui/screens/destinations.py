"""The screen that a destination stands for."""

from __future__ import annotations

from previewer.tui.context import AppContext
from previewer.tui.screen_requests import Destination, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.commits import CommitsScreen
from previewer.tui.screens.diff import DiffScreen
from previewer.tui.screens.environment import EnvironmentScreen
from previewer.tui.screens.jobs import JobsScreen
from previewer.tui.screens.parity import ParityScreen
from previewer.tui.screens.progress import ProgressScreen
from previewer.tui.screens.releases import ReleasesScreen
from previewer.tui.screens.start import StartScreen


def screen_of(context: AppContext, asked: ScreenRequested) -> PreviewerScreen:
    """A new screen for where the user wants to go."""
    if asked.destination is Destination.ENVIRONMENT:
        return EnvironmentScreen(context, asked.name, tab=asked.tab or "overview")
    if asked.destination is Destination.COMMITS:
        return CommitsScreen(context, asked.name)
    if asked.destination is Destination.PARITY:
        return ParityScreen(context, asked.name, asked.other)
    if asked.destination is Destination.DIFF:
        return DiffScreen(context, asked.name, asked.other)
    if asked.destination is Destination.JOBS:
        return JobsScreen(context)
    if asked.destination is Destination.RELEASES:
        return ReleasesScreen(context)
    if asked.destination is Destination.START:
        return StartScreen(context)
    return ProgressScreen(context, asked.number)
