"""What the values of settings have to look like, in files and in environment variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import TypeVar

from previewer.domain.compose.definition import Role
from previewer.domain.release.registry_address import SHAPE, parse_address
from previewer.domain.units import parse_memory, parse_ttl
from previewer.errors import UsageError

Choice = TypeVar("Choice", bound=Enum)
_SECONDS = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
_SHORT_TIME = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(ms|s)?", re.ASCII)
UNLIMITED = "none"
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
LONGEST_DOMAIN = 60
"""Names of 253 characters begin with a service's, an environment's and a project's."""


class SettingValueError(ValueError):
    """A value that a setting cannot have; the text ends the sentence "… has to be"."""

    def __init__(self, wanted: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(wanted)
        self.path = path
        """Which part of the value is wrong; empty for all of it."""


def read_text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise SettingValueError("a text")
    return value.strip()


def read_texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingValueError("a list of texts")
    return tuple(item.strip() for item in value if item.strip())


def read_keys(value: object) -> str:
    """Keys of the terminal UI, as Textual spells them and separated by commas: ``u,ctrl+u``."""
    return ",".join(read_texts(value.split(",") if isinstance(value, str) else value))


def read_count(value: object, *, least: int, most: int) -> int:
    """A whole number within bounds, or its digits."""
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise SettingValueError(f"a whole number from {least} to {most}")
    return number


def count(least: int, most: int) -> Callable[[object], int]:
    """What reads a whole number within bounds."""
    return lambda value: read_count(value, least=least, most=most)


def read_limit(value: object) -> int | None:
    """A positive whole number; ``"none"`` for no limit."""
    return None if value == UNLIMITED else read_count(value, least=1, most=10**9)


def read_ttl(value: object) -> timedelta | None:
    """A time to live; ``None`` for ``never``."""
    try:
        return parse_ttl(str(value))
    except UsageError as error:
        raise SettingValueError("a time to live: 90m, 10h, 5d, 1d12h or never") from error


def read_seconds(value: object) -> float:
    """A time of at least a second: a number of seconds, or ``90s``, ``2m``, ``1h30m``."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < 10**7:
        return float(value)
    text = value.strip() if isinstance(value, str) else ""
    match = _SECONDS.fullmatch(f"{text}s" if text.isdecimal() else text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds
    if not total:
        raise SettingValueError("a time such as 90s, 2m or 1h30m")
    return float(total)


def read_bytes(value: object) -> int | None:
    """An amount of memory, ``512m`` or ``2GiB`` (powers of 1024), in bytes; ``"none"`` for no limit."""
    if value == UNLIMITED:
        return None
    try:
        return parse_memory(str(value))
    except ValueError as error:
        raise SettingValueError("an amount of memory such as 512m or 2g, or none") from error


def read_cpus(value: object) -> float | None:
    """A positive number of processors; ``"none"`` for no limit."""
    if value == UNLIMITED:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 10**4:
        raise SettingValueError("a number of processors such as 1.5, or none")
    return float(value)


def read_factor(value: object) -> float | None:
    """A positive number; ``"none"`` for no limit."""
    if value == UNLIMITED:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise SettingValueError("a number such as 1.5, or none")
    return float(value)


def read_switch(value: object) -> bool:
    """On or off; a variable of the environment says it as text."""
    known = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise SettingValueError("true or false")
    return known


def read_short_time(value: object) -> float:
    """A time of at most a minute in seconds: a number, or ``500ms``, ``2s``."""
    match = _SHORT_TIME.fullmatch(str(value).strip())
    seconds = float(match[1]) * (0.001 if match[2] == "ms" else 1.0) if match else -1.0
    if isinstance(value, bool) or not 0 <= seconds <= 60:
        raise SettingValueError("a time of at most a minute such as 500ms or 2s")
    return seconds


def read_registry(value: object) -> str:
    """A repository of a registry."""
    text = read_text(value)
    try:
        address = parse_address(text)
    except UsageError as error:
        raise SettingValueError(SHAPE) from error
    if address.name != text:
        raise SettingValueError(f"{SHAPE}, without tag and digest")
    return text


def read_domain(value: object) -> str:
    """The end of host names: labels of lower-case letters, digits and dashes."""
    domain = value.strip().strip(".").lower() if isinstance(value, str) else ""
    if not _DOMAIN.fullmatch(domain) or len(domain) > LONGEST_DOMAIN:
        raise SettingValueError("a domain such as previews.example.com, or localhost")
    return domain


def read_addresses(value: object) -> tuple[str, ...]:
    """A list of host addresses, at least one."""
    try:
        addresses = tuple(str(ip_address(address)) for address in read_texts(value))
    except ValueError:
        addresses = ()
    if not addresses:
        raise SettingValueError('a list of addresses such as ["127.0.0.1"]')
    return addresses


def read_publish(value: object) -> str:
    """An IPv4 address, or the words ``auto`` and ``loopback``."""
    if value in ("auto", "loopback"):
        return str(value)
    try:
        return str(IPv4Address(str(value)))
    except ValueError as error:
        raise SettingValueError("auto, loopback or an IPv4 address") from error


def choice(kind: type[Choice]) -> Callable[[object], Choice]:
    """What reads one of the words of ``kind``; ``true`` and ``false`` stand for on and off."""

    def read(value: object) -> Choice:
        text = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
        try:
            return kind(text)
        except ValueError as error:
            raise SettingValueError(f"one of {', '.join(member.value for member in kind)}") from error

    return read


def read_pool(value: object) -> str:
    """A range of IPv4 addresses as CIDR."""
    try:
        return str(IPv4Network(read_text(value)))
    except ValueError as error:
        raise SettingValueError("a range of IPv4 addresses such as 10.213.0.0/16") from error


def read_role(value: object) -> Role:
    """The name of a role."""
    try:
        return Role(value)
    except ValueError as error:
        raise SettingValueError(f"one of {', '.join(role.value for role in Role)}") from error


def read_table(value: object, known: Mapping[str, object]) -> Mapping[str, object]:
    """A table that has no keys but ``known`` ones."""
    if not isinstance(value, dict):
        raise SettingValueError("a table")
    for key in value:
        if key not in known:
            raise SettingValueError(f"a table of {', '.join(known)}; {key!r} is none of them", path=(str(key),))
    return value
