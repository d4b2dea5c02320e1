"""Releases and images in a registry: what they are there, and how they are found and checked."""

from __future__ import annotations
