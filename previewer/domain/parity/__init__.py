"""Parity: how two environments, or what two definitions would run, differ, and which of that is meant to be."""
