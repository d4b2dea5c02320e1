"""The palette: actions of the place we are at, and every branch and environment by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.errors import NoWidget
from textual.events import Click, Event

from previewer.present.safe_text import plain
from previewer.present.values import Span, Tone
from previewer.tui.actions import BY_ID
from previewer.tui.present.text import line, to_content
from previewer.tui.screen_requests import ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.fitted import FittedScreen
from previewer.tui.screens.menu import MOVEMENT

MOST_PLACES = 2_000
"""Branches that are matched against; a fuzzy search over more would make typing slow."""


class Palette(CommandPalette, FittedScreen[None]):
    """Textual's own palette, which keys that come faster than it is laid out or closed do not end."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it once: the second time Textual would close what is behind it."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def _watch__list_visible(self) -> None:
        if self.children:  # results may come while it is being closed
            super()._watch__list_visible()

    async def _on_click(self, event: Click) -> None:  # type: ignore[override]
        try:
            self.get_widget_at(event.screen_x, event.screen_y)
        except NoWidget:  # the terminal is smaller by now
            event.prevent_default()

    def _forward_event(self, event: Event) -> None:
        if isinstance(event, Click):  # on a result that was searched away since it was drawn, it chooses nothing
            option = self.get_style_at(event.x, event.y).meta.get("option", -1)
            if option >= self.query_one(CommandList).option_count:
                return
        super()._forward_event(event)

    def _action_command_list(self, action: str) -> None:
        if not action.startswith("page") or self.query_one(CommandList).scrollable_content_region.height:
            super()._action_command_list(action)


class ActionProvider(Provider):
    """What can be done here and now."""

    async def discover(self) -> Hits:
        """Everything that is possible."""
        for text, _help, display, run in self._possible():
            yield DiscoveryHit(display, run, text=text)

    async def search(self, query: str) -> Hits:
        """What matches by label or help."""
        matcher = self.matcher(query)
        for text, said, display, run in self._possible():
            score = max(matcher.match(text), matcher.match(said) * 0.8)
            if score > 0:
                yield Hit(score, display, run, text=text)

    def _possible(self) -> Iterator[tuple[str, str, Content, Callable[[], object]]]:
        screen = self.screen
        if not isinstance(screen, PreviewerScreen):
            return
        for name, reason in screen.menu_items():
            if reason is None and name not in MOVEMENT | {"command_palette", "back"}:
                action = BY_ID[name]
                display = to_content(line(f"{action.label:<12}", Span(f"{action.help}", Tone.QUIET)))
                yield action.label, action.help, display, partial(screen.run_action, screen.target_of(name))


class PlaceProvider(Provider):
    """Goes to an environment, or to a branch's commits."""

    async def search(self, query: str) -> Hits:
        """Environments before branches."""
        screen = self.screen
        if not isinstance(screen, PreviewerScreen):
            return
        matcher = self.matcher(query)
        for environment in screen.app_state.environments or ():
            if (score := matcher.match(environment.name)) > 0:
                display = to_content(line(environment.name, Span("  environment", Tone.QUIET)))
                go = partial(screen.post_message, ScreenRequested.environment(environment.name))
                yield Hit(score, display, go, text=plain(environment.name))
        for branch in (screen.app_state.branches or ())[:MOST_PLACES]:
            if (score := matcher.match(branch.name)) > 0:
                display = to_content(line(branch.name, Span("  commits of this branch", Tone.QUIET)))
                go = partial(screen.post_message, ScreenRequested.commits(branch.name))
                yield Hit(score * 0.9, display, go, text=plain(branch.name))
