"""Expand variables in a ``FROM`` line, as the Dockerfile reference says under "Environment replacement"."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(
    r"\\(?P<escaped>.)"
    r"|\$\{(?P<braced>\w+)(?:(?P<operator>:?[-+?])(?P<word>(?:[^{}]|\$\{[^{}]*\})*))?\}"
    r"|\$(?P<plain>\w+)"
)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with ``$X``, ``${X}``, ``${X:-word}``, ``${X:+word}`` and their forms without ``:`` replaced.

    A variable that is not set becomes empty, as in Docker.
    """

    def replace(match: re.Match[str]) -> str:
        if match["escaped"] is not None:
            return match["escaped"]
        name = match["braced"] or match["plain"]
        value = variables.get(name)
        operator = match["operator"] or ""
        is_set = value is not None and (value != "" or not operator.startswith(":"))
        if operator.endswith("-"):
            return value or "" if is_set else expand(match["word"], variables)
        if operator.endswith("+"):
            return expand(match["word"], variables) if is_set else ""
        return value or ""

    return _VARIABLE.sub(replace, text)


def platform_variables(platform: str) -> dict[str, str]:
    """The variables that BuildKit sets by itself, for a build on and for ``platform`` (``linux/arm/v7``)."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    parts = {"PLATFORM": platform, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in parts.items()}


def unquote(text: str) -> str:
    """A value without the quotes around it."""
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text
