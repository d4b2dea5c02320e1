"""Platforms that host code and run jobs: what they say of a job, and comments on their pull requests."""

from __future__ import annotations
