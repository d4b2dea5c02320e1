"""Read a Dockerfile that needs no builder: a base, files of the commit, and how the image is run.

The meaning of each instruction is that of the Dockerfile reference, as BuildKit has it. Anything else, and what
could mean two things, raises :class:`NotDirectError`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.freeze.direct.values import NotDirectError, command_of, nanoseconds, plain_pairs, plain_words
from previewer.freeze.dockerfile.instructions import Dockerfile, Instruction, split_flags

SHELL = ("/bin/sh", "-c")
SCRATCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What BuildKit gives an image without a base."""
_OWN_ARGUMENT = re.compile(
    r"(BUILD|TARGET)(PLATFORM|OS|ARCH|VARIANT)|SOURCE_DATE_EPOCH|BUILDKIT_\w+|\w+_(?i:proxy)"
)
"""Arguments that have a value without being given one."""
_PORT = re.compile(r"(\d{1,5})(?:/(tcp|udp|sctp))?")


class CopyFiles(Struct, frozen=True):
    """Put files of the context into the image."""

    sources: tuple[str, ...]
    """Paths in the context; ``.`` is all of it."""
    target: str
    """The absolute path."""
    into_folder: bool
    """Whether ``target`` is a folder whatever the source is."""


class MakeFolder(Struct, frozen=True):
    """Make a folder where it is not there."""

    path: str
    """The absolute path."""


class DirectImage(Struct):
    """What an image is on top of its base."""

    config: dict[str, JsonValue]
    """The part of the configuration that containers run with."""
    steps: list[CopyFiles | MakeFolder] = field(default_factory=list)
    """Each that changes something is a layer."""


def read_direct(
    dockerfile: Dockerfile,
    *,
    base_config: JsonObject,
    args: Mapping[str, str],
    target: str | None,
    labels: Mapping[str, str],
) -> DirectImage:
    """The image that a Dockerfile with one stage describes. Raises :class:`NotDirectError`."""
    stages = [instruction for instruction in dockerfile.instructions if instruction.keyword == "FROM"]
    is_odd = "escape" in dockerfile.directives or as_list(base_config.get("OnBuild"))
    if len(stages) != 1 or target is not None or is_odd:
        raise NotDirectError
    reader = _Reader(base_config, args)
    for instruction in dockerfile.instructions:
        reader.take(instruction)
    reader.image.config["Labels"] = {**as_object(reader.image.config.get("Labels")), **labels}
    return reader.image


class _Reader:
    """What is known after the instructions so far."""

    def __init__(self, base_config: JsonObject, args: Mapping[str, str]) -> None:
        self.image = DirectImage(dict(base_config))
        self._given = args
        self._global: dict[str, str] = {}
        """Arguments from before the stage; one without a default has none until the stage names it again."""
        self._arguments: dict[str, str] = {}
        self._environment = dict(as_text(entry).partition("=")[::2] for entry in as_list(base_config.get("Env")))
        self._has_stage = False
        self._has_command = False
        self._has_user = bool(as_text(base_config.get("User")))
        self._instructions: Mapping[str, Callable[[Instruction], None]] = {
            "FROM": self._from,
            "ARG": self._arg,
            "ENV": self._env,
            "LABEL": self._label,
            "COPY": self._copy,
            "WORKDIR": self._workdir,
            "USER": self._user,
            "EXPOSE": self._expose,
            "STOPSIGNAL": self._stop_signal,
            "CMD": self._cmd,
            "ENTRYPOINT": self._entrypoint,
            "HEALTHCHECK": self._healthcheck,
        }

    def take(self, instruction: Instruction) -> None:
        """Apply one instruction."""
        if instruction.keyword not in self._instructions:
            raise NotDirectError
        self._instructions[instruction.keyword](instruction)

    @property
    def _variables(self) -> dict[str, str]:
        return {**self._arguments, **self._environment}

    @property
    def _folder(self) -> str:
        return as_text(self.image.config.get("WorkingDir")) or "/"

    def _from(self, instruction: Instruction) -> None:
        if split_flags(instruction.arguments)[0]:
            raise NotDirectError
        self._global, self._arguments, self._has_stage = self._arguments, {}, True

    def _arg(self, instruction: Instruction) -> None:
        for word in instruction.arguments.split():
            name, equals, _ = word.partition("=")
            if _OWN_ARGUMENT.fullmatch(name):
                raise NotDirectError
            if name in self._given:
                self._arguments[name] = self._given[name]
            elif equals:
                self._arguments |= plain_pairs(word, self._variables)
            elif self._has_stage and name in self._global:
                self._arguments[name] = self._global[name]

    def _env(self, instruction: Instruction) -> None:
        self._environment |= plain_pairs(instruction.arguments, self._variables)
        self.image.config["Env"] = [f"{key}={value}" for key, value in self._environment.items()]

    def _label(self, instruction: Instruction) -> None:
        labels = plain_pairs(instruction.arguments, self._variables)
        self.image.config["Labels"] = {**as_object(self.image.config.get("Labels")), **labels}

    def _copy(self, instruction: Instruction) -> None:
        words = plain_words(instruction.arguments, self._variables)
        is_odd = any(word.startswith(("--", "<<", "[")) or set(word) & set("*?[\\") for word in words)
        if len(words) < 2 or is_odd or any(".." in word.split("/") for word in words):
            raise NotDirectError
        *sources, target = words
        into_folder = target.endswith("/") or posixpath.basename(target) == "."
        if len(sources) > 1 and not into_folder:
            raise NotDirectError
        plain = tuple(posixpath.normpath(source.lstrip("/") or ".") for source in sources)
        self.image.steps.append(CopyFiles(plain, self._absolute(target), into_folder))

    def _workdir(self, instruction: Instruction) -> None:
        path = self._absolute(self._one(instruction))
        self.image.config["WorkingDir"] = path
        if self._has_user:
            raise NotDirectError  # whose the folder is, builders have not always agreed on
        self.image.steps.append(MakeFolder(path))

    def _user(self, instruction: Instruction) -> None:
        self.image.config["User"] = self._one(instruction)
        self._has_user = True

    def _expose(self, instruction: Instruction) -> None:
        ports: dict[str, JsonValue] = dict(as_object(self.image.config.get("ExposedPorts")))
        for word in plain_words(instruction.arguments, self._variables):
            if (match := _PORT.fullmatch(word)) is None:
                raise NotDirectError
            ports[f"{match[1]}/{match[2] or 'tcp'}"] = {}
        self.image.config["ExposedPorts"] = ports

    def _stop_signal(self, instruction: Instruction) -> None:
        self.image.config["StopSignal"] = self._one(instruction)

    def _cmd(self, instruction: Instruction) -> None:
        self.image.config["Cmd"] = self._command(instruction, instruction.arguments, SHELL)
        self._has_command = True

    def _entrypoint(self, instruction: Instruction) -> None:
        self.image.config["Entrypoint"] = self._command(instruction, instruction.arguments, SHELL)
        if not self._has_command:
            self.image.config["Cmd"] = []

    def _healthcheck(self, instruction: Instruction) -> None:
        flags, text = split_flags(instruction.arguments)
        kind, _, command = text.partition(" ")
        if kind.upper() == "NONE" and not flags:
            self.image.config["Healthcheck"] = {"Test": ["NONE"]}
            return
        if kind.upper() != "CMD":
            raise NotDirectError
        words = self._command(instruction, command.strip(), ("CMD-SHELL",))
        test = words if words[:1] == ["CMD-SHELL"] else ["CMD", *words]
        self.image.config["Healthcheck"] = {"Test": test, **dict(map(_health_option, flags))}

    def _command(self, instruction: Instruction, text: str, shell: tuple[str, ...]) -> list[JsonValue]:
        if self.image.config.get("Shell"):
            raise NotDirectError
        return command_of(text, shell=shell, is_one_line=instruction.end - instruction.line == 1)

    def _one(self, instruction: Instruction) -> str:
        words = plain_words(instruction.arguments, self._variables)
        if len(words) != 1 or not words[0]:
            raise NotDirectError
        return words[0]

    def _absolute(self, path: str) -> str:
        if ".." in path.split("/"):
            raise NotDirectError
        return posixpath.normpath(posixpath.join("/", self._folder, path))


def _health_option(flag: str) -> tuple[str, JsonValue]:
    name, _, value = flag.removeprefix("--").partition("=")
    keys = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod"}
    if name == "retries" and value.isdecimal():
        return "Retries", int(value)
    if name not in keys:
        raise NotDirectError
    return keys[name], nanoseconds(value)
