"""How the ports of an engine on another machine are reached: by a tunnel to its loopback address."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit


def tunnel_words(remote: str, urls: Iterable[str]) -> tuple[str, str]:
    """What to tell about ``urls`` of the engine at ``remote`` (``ssh://user@machine:22``, ``tcp://machine:2376``)."""
    machine = urlsplit(remote)
    name = machine.hostname or remote
    who = f"{machine.username}@{name}" if machine.username else name
    port = f"-p {machine.port} " if machine.scheme == "ssh" and machine.port else ""
    forwards = " ".join(f"-L {place}:{host}:{place}" for host, place in dict.fromkeys(map(_place, urls)))
    return f"that is {name}'s own address", f"to open it here: ssh -N {forwards} {port}{who}"


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80
