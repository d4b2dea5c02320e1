"""How much of a container's log the engine keeps: at most 30 MB, whatever the definition says."""

from __future__ import annotations

import re

from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text

MAX_SIZE, MAX_FILES = "10m", "3"
"""The size of one file and their number, where a definition says neither."""
LOG_BYTES = 30_000_000
FILE_DRIVERS = ("", "json-file", "local")
"""Drivers that keep logs in files of the engine's host; without a driver it is the first that has a name."""
_DEFAULT_FILES = {"local": 5}
"""Files that a driver keeps unless it is told; one where nothing stands here."""
_DEFAULT_SIZE = {"local": 20_000_000}
"""The size of one of them; the other driver has no end."""
_CACHE = ("cache-max-size", "cache-max-file")
"""Of the file that the engine keeps beside a driver that cannot be read from."""
_BUFFER = "max-buffer-size"
"""Of the engine's memory, where a driver does not block."""
_BUFFER_BYTES = 4_000_000
_SIZE = re.compile(r"(\d{1,12}(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def bounded_logging(logging: JsonObject) -> JsonObject:
    """``logging`` of a service with an end to what the engine keeps. What ends already stays as it is."""
    options = {key: value for key, value in as_object(logging.get("options")).items() if key not in _CACHE}
    if _BUFFER in options and (_bytes(options[_BUFFER]) or LOG_BYTES) > _BUFFER_BYTES:
        del options[_BUFFER]
    driver = as_text(logging.get("driver"))
    if driver in FILE_DRIVERS and not _is_bounded(driver, options):
        options |= {"max-size": MAX_SIZE, "max-file": MAX_FILES}
    if driver in FILE_DRIVERS:
        driver = driver or "json-file"
    kept = {key: value for key, value in logging.items() if key not in ("driver", "options")}
    return {**kept, **({"driver": driver} if driver else {}), **({"options": options} if options else {})}


def asks_for_more(logging: JsonObject) -> bool:
    """Whether ``logging`` itself says a larger amount than is kept, or none."""
    options = as_object(logging.get("options"))
    named = {"max-size", "max-file", *_CACHE, _BUFFER}.intersection(options)
    bounded = as_object(bounded_logging(logging).get("options"))
    return any(options[key] != bounded.get(key) for key in named)


def _is_bounded(driver: str, options: JsonObject) -> bool:
    size = _bytes(options["max-size"]) if "max-size" in options else _DEFAULT_SIZE.get(driver)
    files = str(options.get("max-file", _DEFAULT_FILES.get(driver, 1)))
    return size is not None and files.isdecimal() and 0 < size * int(files) <= LOG_BYTES


def _bytes(value: JsonValue) -> float | None:
    """A size as engines read it (units of 1000); ``None`` for what they do not understand, or read as no end."""
    match = _SIZE.fullmatch(str(value).strip())
    return float(match[1]) * 1000 ** _POWERS[match[2].lower()] or None if match else None
