"""The grammar of ``.env`` files, of ``env_file`` and of ``label_file`` (compose-go ``dotenv``).

``KEY=value`` or ``KEY: value``, with ``export`` before it if one likes; a line ``KEY`` takes the value from
around. A value without quotes ends at `` #`` and has its variables replaced; one in ``'…'`` is literal; one in
``"…"`` knows escapes and variables. Values in quotes may run over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from previewer.definition.interpolation import Interpolator, Lookup
from previewer.definition.values import MAX_TEXT, Budget, ModelError
from previewer.errors import DefinitionError

BLANKS = "\t\v\f\r \x85\xa0"
"""White space that does not end a line."""
KEY_SIGNS = "_.-[]"
"""What a key may hold besides letters and digits."""
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0\d{0,3})')
_EXPORT = re.compile(rf"export[\s][{BLANKS}]*")
_SPACE = re.compile(r"\s*")


def read_dotenv(
    content: bytes,
    *,
    file: str,
    lookup: Lookup,
    before: Mapping[str, str] | None = None,
    budget: Budget | None = None,
) -> dict[str, str]:
    """The variables of a file, in its order.

    When a value uses a variable, ``lookup`` answers first, then what the file itself has said so far, then
    ``before``: what the files before it have said.
    Raises :class:`DefinitionError` with file and line.
    """
    text = content.decode("utf-8", "replace").lstrip("\ufeff").replace("\r\n", "\n")
    budget = budget or Budget(MAX_TEXT, "characters in environment files")
    parser = _Parser(text, lookup, before or {}, budget)
    try:
        return parser.parse()
    except ModelError as error:
        line = text.count("\n", 0, parser.statement) + 1
        raise DefinitionError(error.message, where=f"{file}:{line}", hint=error.hint) from error


def read_raw_environment(content: bytes, *, file: str, lookup: Lookup) -> dict[str, str]:
    """The variables of a file with ``format: raw``: as ``docker run --env-file``, without quotes and variables."""
    variables: dict[str, str] = {}
    for number, line in enumerate(content.decode("utf-8", "replace").lstrip("\ufeff").splitlines(), start=1):
        statement = line.lstrip()
        if not statement or statement.startswith("#"):
            continue
        key, equals, value = statement.partition("=")
        if not key or re.search(r"\s", key):
            raise DefinitionError(f"{key!r} is not a variable name", where=f"{file}:{number}")
        inherited = value if equals else lookup(key)
        if inherited is not None:
            variables[key] = inherited
    return variables


@dataclass(slots=True)
class _Parser:
    text: str
    around: Lookup
    before: Mapping[str, str]
    budget: Budget
    position: int = 0
    statement: int = 0
    """Where the current statement begins, for errors."""

    def parse(self) -> dict[str, str]:
        variables: dict[str, str] = {}

        def lookup(name: str) -> str | None:
            value = self.around(name)
            return variables.get(name, self.before.get(name)) if value is None else value

        interpolator = Interpolator(lookup, budget=self.budget)
        while self.begin_statement():
            key, has_value = self.key()
            if not has_value:
                inherited = self.around(key)
                if inherited is not None:
                    variables[key] = inherited
                continue
            self.skip_blanks()
            if self.text[self.position : self.position + 1] in ('"', "'"):
                variables[key] = self.quoted_value(interpolator)
            else:
                variables[key] = self.plain_value(interpolator)
        return variables

    def begin_statement(self) -> bool:
        """Go to the next statement; whether there is one."""
        while True:
            blank = _SPACE.match(self.text, self.position)
            self.position = self.statement = blank.end() if blank else self.position
            if not self.text.startswith("#", self.position):
                break
            self.skip_line()
        if export := _EXPORT.match(self.text, self.position):
            self.position = export.end()
        return self.position < len(self.text)

    def key(self) -> tuple[str, bool]:
        """The key, and whether a value follows."""
        begin = self.position
        while self.position < len(self.text):
            sign = self.text[self.position]
            self.position += 1
            if sign in "=:\n":
                return self.named(self.text[begin : self.position - 1]), sign != "\n"
            if not (sign in BLANKS or sign in KEY_SIGNS or sign.isalpha() or sign.isnumeric()):
                raise ModelError(f"{sign!r} may not stand in the name of a variable")
        return self.named(self.text[begin:]), False

    @staticmethod
    def named(key: str) -> str:
        if " " in key.rstrip():
            raise ModelError(f"a name of a variable has no spaces: {key.strip()!r}")
        return key.rstrip()

    def quoted_value(self, interpolator: Interpolator) -> str:
        quote = self.text[self.position]
        parts: list[str] = []
        begin = self.position + 1
        while True:
            end = self.text.find(quote, begin)
            if end < 0:
                raise ModelError(f"this value has no closing {quote}")
            part = self.text[begin:end]
            begin = end + 1
            if not _ends_escaped(part):
                parts.append(part)
                break
            parts.append(part[:-1] + quote)
        self.position = begin
        value = "".join(parts)
        return interpolator.substitute(_ESCAPE.sub(_unescape, value)) if quote == '"' else value

    def plain_value(self, interpolator: Interpolator) -> str:
        begin = self.position
        self.skip_line()
        return interpolator.substitute(self.text[begin : self.position].split(" #", 1)[0].rstrip())

    def skip_line(self) -> None:
        end = self.text.find("\n", self.position)
        self.position = len(self.text) if end < 0 else end

    def skip_blanks(self) -> None:
        while self.position < len(self.text) and self.text[self.position] in BLANKS:
            self.position += 1


def _ends_escaped(text: str) -> bool:
    """Whether an odd number of backslashes stands at the end."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _unescape(match: re.Match[str]) -> str:
    escape = match.group()[1:]
    if escape == "$":
        return "$$"
    if escape.startswith("0"):
        digits = escape[1:]
        return chr(int(digits, 8)) if re.fullmatch("[0-7]{3}", digits) else match.group()
    return ESCAPES.get(escape, match.group())
