"""Security options."""

from __future__ import annotations

from previewer.domain.json_value import JsonValue, as_list
from previewer.domain.specification import ContainerSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Part, Raw, filled, unsupported

SYSTEM_PATHS = ("systempaths=unconfined", "systempaths:unconfined")


def map_security(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``security_opt``. ``systempaths=unconfined`` is no option of the engine: it empties two lists instead."""
    del api_version
    options = [values.text(entry) for entry in as_list(spec.compose.get("security_opt"))]
    for option in options:
        _refuse_profile_file(spec, option)
    kept: list[JsonValue] = [option for option in options if option not in SYSTEM_PATHS]
    host: Raw = filled(SecurityOpt=kept)
    if len(kept) != len(options):
        host |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return Part(host=host)


def _refuse_profile_file(spec: ContainerSpec, option: str) -> None:
    """The engine takes a profile's text, and the file is not on its host."""
    name = option.partition("=")[2] if option.startswith("seccomp=") else option.partition(":")[2]
    if (
        not option.startswith(("seccomp=", "seccomp:"))
        or name in ("unconfined", "builtin")
        or name.startswith("{")
    ):
        return
    raise unsupported(
        spec, "security_opt", f"the seccomp profile {name!r} is a file", hint="put the profile's JSON in its place"
    )
