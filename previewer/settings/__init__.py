"""What a user and a project choose: read from files and variables, checked, in layers."""

from __future__ import annotations
