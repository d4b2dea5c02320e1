"""Variables of services and builds: mappings, lists of ``KEY=value``, and files at the commit."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.definition.dotenv import read_dotenv, read_raw_environment
from previewer.definition.interpolation import Lookup
from previewer.definition.paths import unmount
from previewer.definition.reading import Reading, with_run_variables
from previewer.definition.values import ModelError, Table, Value, as_items, as_table, as_tables, table_at
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import ModelPath


def environment_table(value: Value, around: Mapping[str, str]) -> Table:
    """Variables by name; one without a value takes it from ``around``, else it is null (unset in the container).

    Raises :class:`ModelError` for a name with white space at its end.
    """
    if not isinstance(value, list):
        return {key: around.get(key) if item is None else go_text(item) for key, item in as_table(value).items()}
    table: Table = {}
    for item in as_items(value):
        key, equals, assigned = go_text(item).partition("=")
        if key[-1:].isspace():
            raise ModelError(f"the name of the variable {key!r} ends with white space")
        table[key] = assigned if equals else around.get(key)
    return table


def fill_environment_list(value: Value, around: Mapping[str, str]) -> Value:
    """A list in which every ``KEY`` that ``around`` knows has its value; anything else unchanged.

    Done once for each project directory, since an included file has variables of its own.
    """
    if not isinstance(value, list):
        return value
    return [f"{item}={around[item]}" if isinstance(item, str) and item in around else item for item in value]


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
            f"{file_format!r} is not a format of environment files", path=path, hint="the only one is raw"
        )
    return read_dotenv(content, file=unmount(place), lookup=lookup, before=before, budget=reading.text)
