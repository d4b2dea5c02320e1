"""Values that a commit leaves to its users: which are wanted and not given, and the committed examples of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from previewer.domain.commit.files import FileTree
from previewer.errors import DefinitionError

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
        found = next((place for form in forms if self.tree.is_file(place := posixpath.join(folder, form))), None)
        if found is not None:
            self.examples[found] = None
        return found

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
            "name variables of your shell under `variables` in previewer.toml on the default branch",
        ]
        if self.examples:
            ways.insert(0, f"take the values of {', '.join(self.examples)} with --env-example")
        return ", or ".join(ways)


def line_of(content: bytes, name: str) -> int:
    """The line of an environment file that gives ``name``; the first where it cannot be told."""
    text = content.decode("utf-8", "replace")
    found = re.search(rf"(?m)^[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*(?:[=:]|$)", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
