"""``ADD`` of something from the network: it must say which content it means, or no digest covers it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.instructions import Dockerfile, Instruction, split_flags
from previewer.freeze.dockerfile.stage_variables import follow_variables
from previewer.freeze.dockerfile.variables import expand

_URL = re.compile(r"https?://", re.IGNORECASE)
_GIT = re.compile(r"[\w.-]+@[\w.-]+:|git://|ssh://|https?://[^#?]+\.git(?:[#?]|$)", re.IGNORECASE)
_COMMIT = re.compile(r"#(?:[0-9a-f]{40}|[0-9a-f]{64})(?::|$)")
_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40,64}")
_SOME_ADDRESS = "https://set-by-the-base.invalid/"


class _Assuming(Mapping[str, str]):
    """Variables of which those that the base image may set are taken for an address."""

    def __init__(self, known: Mapping[str, str], unset: frozenset[str]) -> None:
        self._known = known
        self._unset = unset

    def __getitem__(self, name: str) -> str:
        if name in self._unset:
            raise KeyError(name)
        return self._known.get(name, _SOME_ADDRESS)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def refuse_remote_files(dockerfile: Dockerfile, *, args: Mapping[str, str], platform: str, where: str) -> None:
    """Raise :class:`DefinitionError`, with the line, for a remote ``ADD`` that may give other files tomorrow.

    A URL needs ``--checksum=sha256:…``, a repository that or a full commit id: ``….git#COMMIT``. Variables
    count as what they stand for. Stages that the target does not need are looked at as well.
    """
    for instruction, variables in follow_variables(dockerfile, args, platform):
        inner = instruction.trigger or instruction
        if inner.keyword != "ADD":
            continue
        place = f"{where}:{instruction.line}"
        try:
            _judge(inner, variables.known, place, dockerfile.escape)
            _judge(inner, _Assuming(variables.known, variables.unset), place, dockerfile.escape)
        except ValueError as error:
            raise DefinitionError(str(error), where=place) from None


def _judge(instruction: Instruction, variables: Mapping[str, str], place: str, escape: str) -> None:
    flags, rest = split_flags(instruction.arguments)
    checksums = [flag.partition("=")[2] for flag in flags if flag.startswith("--checksum=")]
    if any(_CHECKSUM.fullmatch(expand(text, variables, escape=escape)) for text in checksums):
        return
    for word in _sources(rest):
        address = expand(word, variables, escape=escape)
        if _GIT.match(address) and _COMMIT.search(address):
            continue
        if address.startswith(_SOME_ADDRESS):
            hint = (
                "say what it is: declare it by ARG or ENV in this stage; or use COPY, which reads only files here"
            )
        elif _GIT.match(address):
            hint = "name a full commit id: ….git#COMMIT"
        elif _URL.match(address):
            hint = "say which: ADD --checksum=sha256:… (needs BuildKit), or commit the file"
        else:
            continue
        means = f" ({address})" if address != word and not address.startswith(_SOME_ADDRESS) else ""
        raise DefinitionError(f"ADD {word}{means} may be another file tomorrow", where=place, hint=hint)


def _sources(text: str) -> list[str]:
    """All but the destination, of words or of a JSON list."""
    try:
        words = json.loads(text) if text.startswith("[") else None
    except ValueError:
        words = None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return words[:-1]
    return text.split()[:-1]
