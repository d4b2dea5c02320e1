"""The one form of each value: sizes as bytes, durations as Go prints them, commands as words, labels as text.

Runs once, on a model that the schema has accepted. A converter that answers ``None`` takes the key away:
Compose has no zero limits, for example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from previewer.definition.defaults import environment_table
from previewer.definition.path_rules import PathRules
from previewer.definition.values import ModelError, Table, Value, as_items, as_table
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import ModelPath
from previewer.domain.compose.key import Kind
from previewer.domain.compose.keys import ALL_KEYS

# How Compose splits a ``command`` that is one text (mattn/go-shellwords without environment and
# backticks).
#
# Not a shell: variables, globs and ``#`` mean nothing, and words end silently at the first ``;``,
# ``&``, ``|``, ``<`` or ``>``.

BLANKS = " \t\r\n"
QUOTES = "\"'"
ENDS = ";&|<>"
"""Unquoted, these end the command line."""


def split_words(text: str) -> list[str]:
    """The words of a command line. Raises :class:`ModelError` for an open quote or an unquoted ``(``."""
    splitter = _Splitter()
    for sign in text:
        if not splitter.accept(sign):
            break
    return splitter.finish(text)


@dataclass(slots=True)
class _Splitter:
    words: list[str] = field(default_factory=list)
    word: list[str] = field(default_factory=list)
    in_word: bool = False
    """Also true for an empty word in quotes."""
    quote: str = ""
    escaped: bool = False

    def accept(self, sign: str) -> bool:
        """Take the next character; whether the command line goes on."""
        if self.escaped:
            self.escaped = False
            self.add(sign)
        elif sign == "\\" and self.quote != "'":
            self.escaped = True
        elif self.quote and sign != self.quote:
            self.add(sign)
        elif sign in QUOTES:
            self.quote = "" if self.quote else sign
            self.in_word = True
        elif sign in BLANKS:
            self.end_word()
        elif sign in ENDS:
            if sign == ">" and self.word[:1] and self.word[0].isdigit():
                self.in_word = False  # a redirection such as 2>
            return False
        else:
            if sign == "(" and self.word[-1:] != ["$"]:
                raise ModelError("a command line cannot hold an unquoted (", hint="quote it, or write a list")
            self.add(sign)
        return True

    def add(self, sign: str) -> None:
        self.word.append(sign)
        self.in_word = True

    def end_word(self) -> None:
        if self.in_word:
            self.words.append("".join(self.word))
        self.word = []
        self.in_word = False

    def finish(self, text: str) -> list[str]:
        if self.quote or self.escaped:
            raise ModelError(f"the command line {text!r} ends inside a quote")
        self.end_word()
        return self.words


# Sizes and durations as Compose writes them.
#
# A size is text of its bytes: ``64m`` → ``"67108864"`` (units are binary; go-units ``RAMInBytes``).
# A duration is text as Go prints it: ``90s`` → ``"1m30s"`` (``time.Duration.String`` with ``w`` and
# ``d`` read as well).

SIZE_UNITS = "bkmgtp"
_SIZE = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?) ?(?:([kmgtp])(?:i?b)?|b)?", re.IGNORECASE)
NANOSECONDS = {
    "w": 604_800 * 10**9,
    "d": 86_400 * 10**9,
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ns": 1,
}
"""By unit; the micro sign and the Greek letter are both in use."""
_DURATION_PART = re.compile(r"([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(ms|us|µs|μs|ns|[wdhms])")


def size_in_bytes(value: Value) -> str:
    """A size (``"1.5g"``, or a number) as text of its bytes. Raises :class:`ModelError` for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value))
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ModelError(f"{value!r} is not a size", hint="write a number and one of b, k, m, g, t, p: 64m")
    factor = 1024 ** SIZE_UNITS.index((match.group(2) or "b").lower())
    return str(int(Decimal(match.group(1)) * factor))


def parse_duration(value: Value) -> int:
    """A duration such as ``1m30s`` in nanoseconds. Raises :class:`ModelError` for one without a unit."""
    text = go_text(value)
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned == "0":
        return 0
    total = Decimal(0)
    position = 0
    while part := _DURATION_PART.match(unsigned, position):
        total += Decimal(part.group(1)) * NANOSECONDS[part.group(2)]
        position = part.end()
    if position == 0 or position < len(unsigned):
        raise ModelError(f"{text!r} is not a duration", hint="write a number and a unit: 90s, 1m30s, 2h")
    return int(-total if text.startswith("-") else total)


def format_duration(nanoseconds: int) -> str:
    """As Go prints a duration: the largest units first, the seconds with a fraction, ``0s`` for none."""
    sign = "-" if nanoseconds < 0 else ""
    rest = abs(nanoseconds)
    for limit, unit in ((NANOSECONDS["us"], "ns"), (NANOSECONDS["ms"], "us"), (NANOSECONDS["s"], "ms")):
        if 0 < rest < limit:
            shown = "µs" if unit == "us" else unit
            return f"{sign}{_fraction(rest, NANOSECONDS[unit])}{shown}"
    hours, rest = divmod(rest, NANOSECONDS["h"])
    minutes, rest = divmod(rest, NANOSECONDS["m"])
    text = f"{hours}h" if hours else ""
    if hours or minutes:
        text += f"{minutes}m"
    return f"{sign}{text}{_fraction(rest, NANOSECONDS['s'])}s"


def normal_duration(value: Value) -> str:
    """A duration in the form that Go prints."""
    return format_duration(parse_duration(value))


def _fraction(amount: int, unit: int) -> str:
    """``amount / unit`` without needless zeros."""
    whole, rest = divmod(amount, unit)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


Converter: TypeAlias = Callable[[Value], Value]


def convert_values(value: Value, rules: PathRules[Converter] | None = None, path: ModelPath = ()) -> Value:
    """``value`` with everything in its one form; ``x-*`` is left alone, except that services may be called so.

    Raises :class:`ModelError` with the place for what cannot be understood.
    """
    rules = CONVERTERS if rules is None else rules
    if rules.rule is not None and value is not None:
        try:
            value = rules.rule(value)
        except ModelError as error:
            raise error.under(*path) from error
    if isinstance(value, dict):
        return _convert_table(value, rules, path)
    if isinstance(value, list) and (below := rules.items()):
        return [convert_values(item, below, (*path, str(index))) for index, item in enumerate(value)]
    return value


def _convert_table(table: Table, rules: PathRules[Converter], path: ModelPath) -> Table:
    converted: Table = {}
    for key, item in table.items():
        below = rules.child(key)
        if not below or (key.startswith("x-") and path != ("services",)):
            converted[key] = item
            continue
        result = convert_values(item, below, (*path, key))
        if result is not None or item is None:
            converted[key] = result
    return converted


def unless_zero(convert: Converter) -> Converter:
    """``convert``, with zero as absent."""

    def convert_or_drop(value: Value) -> Value:
        result = convert(value)
        return None if result in (0, "0", "0s") else result

    return convert_or_drop


def to_integer(value: Value) -> Value:
    """A whole number."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,19}", value):
        return int(value)
    if isinstance(value, (int, float)) and value == value and abs(value) < 2**64:
        return int(value)
    raise ModelError(f"{value!r} is not a whole number")


def to_number(value: Value) -> Value:
    """A number with a fraction."""
    try:
        return float(value) if isinstance(value, (int, float, str)) else _refuse_number(value)
    except (ValueError, OverflowError):
        return _refuse_number(value)


def _refuse_number(value: Value) -> Value:
    raise ModelError(f"{value!r} is not a number")


def to_words(value: Value) -> Value:
    """A command: one text is split into words."""
    return list(split_words(value)) if isinstance(value, str) else value


def to_texts(value: Value) -> Value:
    """A list of texts; one text is a list of it."""
    return [value] if isinstance(value, str) else [go_text(item) for item in as_items(value)]


def to_labels(value: Value) -> Value:
    """A mapping to text; no value is an empty text."""
    if isinstance(value, list):
        pairs = (go_text(item).partition("=") for item in value)
        return {key: assigned for key, _, assigned in pairs}
    return {key: "" if item is None else go_text(item) for key, item in as_table(value).items()}


def to_hosts(value: Value) -> Value:
    """``extra_hosts`` as a sorted list of ``NAME=ADDRESS``, without brackets around IPv6 addresses."""
    hosts: list[str] = []
    for name, address in _host_pairs(value):
        if not name or ":" in name or "=" in name:
            raise ModelError(f"{name!r} is not the name of a host")
        bracketed = len(address) > 2 and address.startswith("[") and address.endswith("]")
        hosts.append(f"{name}={address[1:-1] if bracketed else address}")
    return [*sorted(hosts)]


def _host_pairs(value: Value) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            (name, "" if item is None else go_text(item))
            for name, items in value.items()
            for item in (items if isinstance(items, list) else [items])
        ]
    pairs: list[tuple[str, str]] = []
    for item in as_items(value):
        text = go_text(item)
        name, separator, addresses = text.partition("=" if "=" in text else ":")
        if not separator:
            raise ModelError(f"{text!r} has no address", hint="write NAME=ADDRESS")
        pairs += [(name, address) for address in addresses.split(",")]
    return pairs


def to_file_mode(value: Value) -> Value:
    """A file mode in octal with a leading zero: ``"0440"``."""
    try:
        return f"0{int(value, 8) if isinstance(value, str) else to_integer(value):o}"
    except ValueError as error:
        raise ModelError(f"{value!r} is not a file mode", hint="write it in octal: 0440") from error


def to_device_count(value: Value) -> Value:
    """A number of devices; ``all`` is -1."""
    return -1 if isinstance(value, str) and value.lower() == "all" else to_integer(value)


def to_healthcheck_test(value: Value) -> Value:
    """One text is run by the container's shell."""
    return ["CMD-SHELL", value] if isinstance(value, str) else value


def to_ssh_keys(value: Value) -> Value:
    """``build.ssh`` as a list of ``ID`` or ``ID=PATH``."""
    if not isinstance(value, dict):
        return value
    return [f"{name}={path}" if path else name for name, path in value.items()]


def to_unset_environment(value: Value) -> Value:
    """The environment of a hook: nothing is taken from around."""
    return environment_table(value, {})


def to_provider_options(value: Value) -> Value:
    """Each option as a list of texts."""
    return {
        key: [go_text(item) for item in (items if isinstance(items, list) else [items])]
        for key, items in as_table(value).items()
        if items is not None
    }


FORMS: Mapping[Kind | None, Converter] = {
    Kind.BYTES: size_in_bytes,
    Kind.DEVICE_COUNT: to_device_count,
    Kind.DURATION: normal_duration,
    Kind.FILE_MODE: to_file_mode,
    Kind.HEALTH_TEST: to_healthcheck_test,
    Kind.HOOK_ENVIRONMENT: to_unset_environment,
    Kind.HOSTS: to_hosts,
    Kind.INTEGER: to_integer,
    Kind.NUMBER: to_number,
    Kind.PROCESSORS: to_number,
    Kind.PROVIDER_OPTIONS: to_provider_options,
    Kind.PUBLISHED_PORT: go_text,
    Kind.SECONDS: normal_duration,
    Kind.SSH_KEYS: to_ssh_keys,
    Kind.TEMPORARY_FOLDERS: to_texts,
    Kind.TEXTS: to_texts,
    Kind.TEXT_BY_NAME: to_labels,
    Kind.WORDS: to_words,
}

CONVERTERS: PathRules[Converter] = PathRules(
    {
        path: unless_zero(FORMS[row.kind]) if row.zero_is_absent else FORMS[row.kind]
        for path, row in ALL_KEYS
        if row.kind in FORMS
    }
)
"""The places whose values have more than one form."""
