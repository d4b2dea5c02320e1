"""The one form that every image is brought into, byte by byte: equal content has one id."""

from __future__ import annotations
