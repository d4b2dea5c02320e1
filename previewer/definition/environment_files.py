"""``env_file`` and ``label_file``: read at the commit and folded into ``environment`` and ``labels``."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.definition.dotenv import read_dotenv, read_raw_environment
from previewer.definition.interpolation import Lookup
from previewer.definition.model_error import ModelError
from previewer.definition.paths import unmount
from previewer.definition.reading import Reading, with_run_variables
from previewer.definition.values import Table, as_items, as_tables, table_at
from previewer.domain.definition import ModelPath


def fold_environment_files(reading: Reading, name: str, service: Table, *, variables: Mapping[str, str]) -> None:
    """Replace ``env_file`` and ``label_file`` of ``service`` by what they hold, in place.

    Files count in their order, and what the service itself says wins. A value in a file may use the project's
    ``variables``, then the service's own environment, then what the files have said so far. Raises
    :class:`DefinitionError` for a required file that is missing.
    """
    written = table_at(service, "environment")
    own = {key: str(value) for key, value in written.items() if value is not None}

    lookup = with_run_variables(lambda key: variables[key] if key in variables else own.get(key))

    found = dict(own)
    for env_file in as_tables(service.pop("env_file", None)):
        path = ("services", name, "env_file")
        found.update(_read(reading, env_file, lookup=lookup, before=found, path=path))
    service.pop("environment", None)
    if found or written:
        service["environment"] = {**found, **written}

    labels: dict[str, str] = {}
    for label_file in as_items(service.pop("label_file", None)):
        read = reading.dotenv(str(label_file), lookup=labels.get)
        if read is None:
            raise ModelError(
                f"the label file {unmount(str(label_file))} is not in the commit",
                path=("services", name, "label_file"),
            )
        labels.update(read)
    if labels:
        service["labels"] = {**labels, **table_at(service, "labels")}


def _read(
    reading: Reading, env_file: Table, *, lookup: Lookup, before: Mapping[str, str], path: ModelPath
) -> dict[str, str]:
    place = str(env_file.get("path"))
    content = reading.read_environment_file(place)
    if content is None:
        found = reading.uncommitted_environment(place, lookup=lookup)
        if found is None and env_file.get("required", True) is not False:
            message = f"the environment file {unmount(place)} is not in the commit"
            reading.outside.want(f"{'.'.join(path)}: {message}", str(reading.sources.locate(path)))
        return found or {}
    file_format = env_file.get("format") or ""
    if file_format == "raw":
        return read_raw_environment(content, file=unmount(place), lookup=lookup)
    if file_format:
        raise ModelError(
            f"{file_format!r} is no format of environment files", path=path, hint="the only one is raw"
        )
    return read_dotenv(content, file=unmount(place), lookup=lookup, before=before, budget=reading.text)
