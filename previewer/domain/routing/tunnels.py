"""Tunnel programs that a user may have: how each is called, and where its output tells the address. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct


class TunnelProgram(StrEnum):
    """Programs that let others reach a port of this machine."""

    SSH = "ssh"
    CLOUDFLARED = "cloudflared"
    TAILSCALE = "tailscale"


class Tunnel(Struct, frozen=True):
    """One that is to be run."""

    command: tuple[str, ...]
    address: str
    """A regular expression whose one group is found in the line that tells the address."""
    url: str = "{}"
    """The public address, with what was found in its place."""
    noise: str = ""
    """How lines begin that nobody wants to read; empty for none."""

    def url_in(self, line: str) -> str:
        """The public address that a line of output tells; empty where it tells none."""
        found = re.search(self.address, line)
        return self.url.format(found.group(1)).removesuffix(":80") if found else ""

    def is_noise(self, line: str) -> bool:
        """Whether a line of output tells users nothing."""
        return bool(self.noise) and line.startswith(self.noise)


HOW_TO_GET_IT = {
    TunnelProgram.SSH: "install OpenSSH's client",
    TunnelProgram.CLOUDFLARED: "get it from Cloudflare; its quick tunnels need no account",
    TunnelProgram.TAILSCALE: "get it from Tailscale, and allow Funnel for this machine",
}
"""For each program, as a hint where it is missing."""


def tunnel_of(
    program: TunnelProgram, target: str, *, machine: str = "", name: str = "", port: int | None = None
) -> Tunnel:
    """How ``program`` leads to ``target``, a ``HOST:PORT`` of this machine.

    ``machine`` is what the user calls the one that ssh logs in to, ``name`` its host name and ``port`` its port
    that leads here; ``None`` lets it choose one.
    """
    if program is TunnelProgram.CLOUDFLARED:
        command: Sequence[str] = ("cloudflared", "tunnel", "--no-autoupdate", "--url", f"http://{target}")
        return Tunnel(tuple(command), r"(https://(?!api\.)[a-z0-9-]+\.trycloudflare\.com)(?![\w./-])")
    if program is TunnelProgram.TAILSCALE:
        return Tunnel(("tailscale", "funnel", f"http://{target}"), r"^(https://[\w.-]+\.ts\.net(?::\d+)?)/?\s*$")
    forward = f"*:{port or 0}:{target}"
    options = ("ExitOnForwardFailure=yes", "ServerAliveInterval=15", "ControlMaster=no", "ControlPath=none")
    named = (word for option in options for word in ("-o", option))
    return Tunnel(
        ("ssh", "-v", "-N", *named, "-R", forward, "--", machine),
        r"remote forward success for: listen \S*?(\d+)," if port else r"^Allocated port (\d+) for remote forward",
        f"http://{name}:{{}}",
        noise="debug1:",
    )
