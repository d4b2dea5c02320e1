"""The interactive front end: the only room that imports Textual."""

from __future__ import annotations
