"""Configs and secrets as a service sees them: which content, under which path, with which mode and owner."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.service import Service
from previewer.errors import DefinitionError
from previewer.frozen import dataclass

DEFAULT_FOLDERS = {"secrets": "/run/secrets/", "configs": "/"}
"""Where they stand unless the service says another target, by the key of the service."""
DEFAULT_MODE = 0o444


@dataclass(frozen=True, slots=True)
class GivenFile:
    """One config or secret of one service."""

    reference: str
    """Whose content it has: ``configs/KEY`` or ``secrets/KEY``."""
    path: str
    """Absolute, in the container."""
    mode: int = DEFAULT_MODE
    uid: int = 0
    gid: int = 0


def given_files(service: Service) -> tuple[GivenFile, ...]:
    """The secrets, then the configs of ``service``. Raises :class:`DefinitionError` for a number that is none."""
    return tuple(_given_files(service))


def _given_files(service: Service) -> Iterator[GivenFile]:
    for kind, folder in DEFAULT_FOLDERS.items():
        for entry in map(as_object, as_list(service.spec.get(kind))):
            source = as_text(entry.get("source"))
            target = as_text(entry.get("target")) or source
            yield GivenFile(
                reference=f"{kind}/{source}",
                path=target if target.startswith("/") else folder + target,
                mode=_number(service, kind, entry, "mode", base=8, otherwise=DEFAULT_MODE),
                uid=_number(service, kind, entry, "uid", base=10, otherwise=0),
                gid=_number(service, kind, entry, "gid", base=10, otherwise=0),
            )


def _number(service: Service, kind: str, entry: JsonObject, key: str, *, base: int, otherwise: int) -> int:
    """A number, or its digits to ``base`` in a text: modes are written in octal, owners by their number."""
    value: JsonValue = entry.get(key)
    if value is None or value == "":
        return otherwise
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(as_text(value), base)
    except ValueError:
        raise DefinitionError(
            f"{kind}: the {key} {value!r} of {as_text(entry.get('source'))} is not a number",
            where=f"service {service.name}",
            hint="only the image knows the names of users; write the number" if key != "mode" else "write 0440",
        ) from None
