"""Variables in values: ``$NAME``, ``${NAME}`` and ``${NAME:-default}`` as the Compose Specification has them.

``$$`` is a dollar. The operators are ``-`` (default), ``?`` (required) and ``+`` (alternative); with ``:`` an
empty variable counts as unset. A default may itself hold variables and is evaluated only where it is used
(Compose 5). What a variable holds is never interpolated again. A ``$`` before anything else stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from previewer.definition.values import MAX_INTERPOLATION_DEPTH, MAX_TEXT, Budget, ModelError
from previewer.domain.commit.files import FileTree
from previewer.errors import DefinitionError

Lookup: TypeAlias = Callable[[str], "str | None"]
"""Answers with a variable's value, ``None`` where it is not set."""

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_OPERATOR = re.compile(r":?[-+?]")


@dataclass(slots=True)
class Interpolator:
    """Replaces variables in texts."""

    lookup: Lookup
    report_unset: Callable[[str], None] = lambda _: None
    """Called with the name of each variable that is used though it is not set."""
    budget: Budget = field(default_factory=lambda: Budget(MAX_TEXT, "characters of interpolated text"))
    expand: Callable[[str], str] = lambda text: text
    """Puts values in place of references to variables, where a text has some."""
    note_missing: Callable[[str], None] | None = None
    """Called with what is to be said of each required variable that is missing; without it, that is an error."""

    def substitute(self, text: str, *, depth: int = 0) -> str:
        """``text`` with its variables replaced.

        Raises :class:`ModelError` for ``${`` that is not closed on its line, for a name that is none, and for a
        required variable that is missing.
        """
        if "$" not in text:
            return text
        if depth > MAX_INTERPOLATION_DEPTH:
            raise ModelError(f"variables are nested more than {MAX_INTERPOLATION_DEPTH} deep")
        try:
            return "\n".join(self._line(line, depth) for line in text.split("\n"))
        except _InvalidTemplateError as error:
            shown = text if len(text) <= 120 else f"{text[:120]}…"
            raise ModelError(
                f"invalid interpolation: {shown!r}", hint="write $$ for a $ that stands for itself"
            ) from error

    def _line(self, line: str, depth: int) -> str:
        parts: list[str] = []
        position = 0
        while (dollar := line.find("$", position)) >= 0:
            parts.append(line[position:dollar])
            replaced, position = self._variable(line, dollar, depth)
            self.budget.spend(len(replaced))
            parts.append(replaced)
        parts.append(line[position:])
        return "".join(parts)

    def _variable(self, line: str, dollar: int, depth: int) -> tuple[str, int]:
        """What the ``$`` at ``dollar`` begins, replaced, and the position after it."""
        after = dollar + 1
        if line.startswith("$", after):
            return "$", after + 1
        if name := _NAME.match(line, after):
            return self._value(name.group()), name.end()
        if not line.startswith("{", after):
            return "$", after
        name = _NAME.match(line, after + 1)
        if name is None:
            raise _InvalidTemplateError
        if line.startswith("}", name.end()):
            return self._value(name.group()), name.end() + 1
        operator = _OPERATOR.match(line, name.end())
        end = _closing_brace(line, dollar)
        if operator is None or end < operator.end():
            raise _InvalidTemplateError
        return self._apply(name.group(), operator.group(), line[operator.end() : end], depth), end + 1

    def _value(self, name: str) -> str:
        value = self.lookup(name)
        if value is None:
            self.report_unset(name)
        return value or ""

    def _apply(self, name: str, operator: str, argument: str, depth: int) -> str:
        value = self.lookup(name)
        absent = value is None or (value == "" and operator.startswith(":"))
        if operator.endswith("-"):
            return self.substitute(argument, depth=depth + 1) if absent else value or ""
        if operator.endswith("+"):
            return "" if absent else self.substitute(argument, depth=depth + 1)
        if absent:
            reason = self.substitute(argument, depth=depth + 1)
            message = f"required variable {name} is missing a value{reason and f': {reason}'}"
            if self.note_missing is None:
                raise ModelError(message, hint=f"set {name} in the allowed variables or in the .env file")
            self.note_missing(message)
        return value or ""


class _InvalidTemplateError(Exception):
    """Something after ``${`` that is no variable."""


def _closing_brace(line: str, dollar: int) -> int:
    """The ``}`` that closes the ``${`` at ``dollar``: by counting braces, else the last of the line, else -1.

    Like Compose, the count skips the character after each ``{``, so that ``${A:-{}}`` has the default ``{}``.
    """
    last = line.rfind("}", dollar)
    depth = 0
    position = dollar + 1
    while position <= last:
        if line[position] == "}":
            depth -= 1
            if depth == 0:
                return position
        elif line[position] == "{":
            depth += 1
            position += 1
        position += 1
    return last


EXAMPLE_WORDS = ("example", "sample", "template", "dist", "defaults")
"""``.env.example`` is what a committed example of ``.env`` is called, or ``example.env``, or ``env.example``."""


@dataclass(slots=True)
class OutsideValues:
    """What one load of a definition gets from elsewhere, and what it still wants."""

    tree: FileTree
    takes_examples: bool = False
    """Whether a committed example stands for an environment file that is not committed."""
    config_mounts: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The names of the variables in each environment file of the user's machine."""
    wanted: dict[tuple[str, str], None] = field(default_factory=dict)
    """Where each variable, or file of variables, is wanted that nothing gives, and what is to be said of it."""
    examples: dict[str, None] = field(default_factory=dict)
    """Examples of files that are not committed, in the order they came up."""

    def given_names(self, path: str) -> Sequence[str]:
        """The variables that the user's files have in place of the one at ``path``: those of the files that are
        called like it, else of all."""
        name = posixpath.basename(path)
        named = [names for file, names in self.config_mounts.items() if re.split(r"[/\\]", file)[-1] == name]
        return [name for names in named or self.config_mounts.values() for name in names]

    def find_example(self, path: str) -> str | None:
        """The committed example of the environment file at ``path`` (of the tree), which is not committed."""
        folder, name = posixpath.split(path)
        stem = name.removesuffix(".env")
        forms = [f"{name}.{word}" for word in EXAMPLE_WORDS]
        forms += [f"{stem}.{word}.env".lstrip(".") for word in EXAMPLE_WORDS if stem != name]
        forms += [f"{name.lstrip('.')}.{word}" for word in EXAMPLE_WORDS]
        example = next((place for form in forms if self.tree.is_file(place := posixpath.join(folder, form))), None)
        if example is not None:
            self.examples[example] = None
        return example

    def want(self, message: str, where: str) -> None:
        """Note a value that is neither committed nor given; :meth:`refuse_wanted` names all of them at once."""
        self.wanted[where, message] = None

    def refuse_wanted(self, cause: Exception | None = None) -> None:
        """Raise :class:`DefinitionError` for what is wanted, if anything is."""
        if not self.wanted:
            return
        if len(self.wanted) == 1:
            ((where, message),) = self.wanted
            error = DefinitionError(message, where=where, hint=self._hint())
        else:
            error = DefinitionError(
                f"{len(self.wanted)} values are not in the commit",
                hint=self._hint(),
                details=tuple(f"{where}: {message}" for where, message in self.wanted),
            )
        raise error from cause

    def _hint(self) -> str:
        ways = [
            "give a file of this machine with --env-file FILE",
            "name them under `variables` or `secrets` in previewer.toml on the default branch",
        ]
        if self.examples:
            ways.insert(0, f"take the values of {', '.join(self.examples)} with --env-example")
        return ", or ".join(ways)


def line_of(content: bytes, name: str) -> int:
    """The line of an environment file that gives ``name``; the first where it cannot be told."""
    text = content.decode("utf-8", "replace")
    match = re.search(rf"(?m)^[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*(?:[=:]|$)", text)
    return text.count("\n", 0, match.start()) + 1 if match else 1
