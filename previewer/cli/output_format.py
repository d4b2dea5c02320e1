"""The formats of ``-o``. A module of its own: ``--help`` needs their names and nothing that prints them."""

from __future__ import annotations

from enum import Enum


class Format(Enum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
