"""What fills the terminal: one screen a module."""

from __future__ import annotations
