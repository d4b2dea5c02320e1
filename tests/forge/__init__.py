"""Tests of what platforms say and are told."""

from __future__ import annotations
