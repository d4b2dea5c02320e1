"""The order of work: from Compose files of a commit to a :class:`Definition`.

For each YAML document of each file: parse, interpolate, include, extend, take away (``!reset``), merge into the
files before, check against the schema, write in long form. Then, once for the whole: defaults, name, one form
for every value, profiles, consistency, environment files, unused resources, paths relative to the tree's root.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.definition.casting import check_numbers
from previewer.definition.consistency import check_consistency, check_exclusive_keys
from previewer.definition.defaults import fill_defaults, fold_environment_files, normalise
from previewer.definition.discover import choose_project_name
from previewer.definition.include import ExtendsResolver, Project, ServiceFile, apply_includes, read_env_files
from previewer.definition.interpolation import OutsideValues
from previewer.definition.json_schema import (
    EXTENSION,
    check_compose_schema,
    check_extension,
    check_extension_schema,
)
from previewer.definition.merge import delete_paths, keep_last_of_equals, merge
from previewer.definition.paths import change_paths, directory_of, mount, unmount
from previewer.definition.reading import Reading
from previewer.definition.selection import drop_unused_resources, enabled_services, omit_services
from previewer.definition.short_syntax import expand_short_syntax
from previewer.definition.sources import WrittenLocations
from previewer.definition.typed_values import convert_values
from previewer.definition.values import MAX_SERVICES, ModelError, Table, as_table, items_at, named_tables, table_at
from previewer.definition.yaml.document import Document
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition, ModelPath, Role
from previewer.domain.json_value import JsonObject
from previewer.errors import DefinitionError, UsageError


class LoadOptions(Struct, frozen=True, kw_only=True):
    """What a load depends on besides the files. Nothing comes from the process's own environment."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """All that ``${NAME}`` may have besides ``.env``, over which they win; ``HOME`` stands for ``~``."""
    expand: Callable[[str], str] = lambda text: text
    """Puts values in place of what ``variables`` have instead, where a definition may not keep that."""
    env_files: Sequence[str] = ()
    """Instead of ``.env``, relative to the tree's root."""
    leading_env_files: Sequence[str] = ()
    """Besides the project directory's ``.env``, over which they win: the one that named the Compose files."""
    config_mounts: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The names, among ``variables``, that each environment file of the user's machine has."""
    takes_examples: bool = False
    """Whether a committed example (``.env.example``) stands for an environment file that is not committed; a
    definition says so itself by ``x-previewer.env_example``."""
    profiles: Sequence[str] = ()
    project_name: str | None = None
    name: str = "preview"
    """The definition's name."""
    role: Role = Role.PREVIEW


def load_files(tree: FileTree, files: Sequence[str], options: LoadOptions) -> Definition:
    """The definition that ``files`` make together, each changing the ones before; paths from the tree's root.

    Raises :class:`DefinitionError` with file, line and column for what makes no sense,
    :class:`OutsideTreeError` for a file outside the commit, :class:`UsageError` for no files and for a project
    name that is none.
    """
    if not files:
        raise UsageError("no Compose file is named")
    home = options.variables.get("HOME")
    outside = OutsideValues(tree, options.takes_examples, options.config_mounts)
    reading = Reading(tree, options.expand(home) if home is not None else None, outside, options.expand)
    try:
        with reading.pointing_into([]):
            model = _load_whole_project(reading, [mount(file) for file in files], options)
    except DefinitionError as error:  # an empty text where a value is wanted leads to others
        outside.refuse_wanted(error)
        raise
    outside.refuse_wanted()
    return Definition(
        name=options.name,
        role=options.role,
        files=tuple(dict.fromkeys((*(unmount(mount(file)) for file in files), *sorted(reading.read)))),
        model=cast("JsonObject", model),
        order=tuple(name for name, _service in named_tables(model, "services")),
        locations=WrittenLocations(reading.sources, model),
        profiles_off=tuple(sorted(reading.profiles_off)),
        warnings=tuple(reading.warnings),
    )


def _load_whole_project(reading: Reading, files: list[str], options: LoadOptions) -> Table:
    project = _begin_project(reading, files, options)
    model = _load_project(reading, files, project)
    if not model:
        raise DefinitionError(
            "the file is empty", where=unmount(files[0]), hint="a Compose file begins with `services:`"
        )
    model["name"] = project.variables["COMPOSE_PROJECT_NAME"]
    normalise(model, variables=project.variables)
    model = as_table(convert_values(model))

    check_extension_schema(model)
    omit_services(model)
    declared, volumes = tuple(table_at(model, "services")), tuple(table_at(model, "volumes"))
    enabled = enabled_services(model, _profiles(model, options, project.variables))
    disabled = (service for name, service in named_tables(model, "services") if name not in enabled)
    reading.profiles_off.update(str(profile) for service in disabled for profile in items_at(service, "profiles"))
    check_consistency(model, enabled=enabled)
    model["services"] = enabled
    for name, service in named_tables(model, "services"):
        fold_environment_files(reading, name, service, variables=project.variables)
        service.pop("extends", None)
    drop_unused_resources(model)
    check_extension(model, services=declared, volumes=volumes)
    change_paths(model, unmount)
    return model


def _begin_project(reading: Reading, files: list[str], options: LoadOptions) -> Project:
    """The project's directory, which is the first file's, its variables and, among them, its name."""
    documents = [document for file in files for document in reading.documents(file)]
    examples = [
        text for document in documents if (text := document.scalar_at((EXTENSION, "env_example"))) is not None
    ]
    reading.outside.takes_examples |= examples[-1:] == ["true"]
    directory = directory_of(files[0])
    variables = {"PWD": directory, **options.variables}
    if options.env_files:
        paths = [mount(path) for path in options.env_files]
        found = read_env_files(reading, paths, variables=variables)
    else:
        leading = [mount(path) for path in options.leading_env_files]
        first = read_env_files(reading, leading, variables=variables)
        variables = {**first, **variables}
        found = reading.default_dotenv(directory, lookup=variables.get)
    variables = {**found, **variables}
    name = choose_project_name(
        given=options.project_name,
        variables={name: options.expand(value) for name, value in variables.items()},
        written=[text for document in documents if (text := document.top_level_text("name")) is not None],
        directory=unmount(directory).removeprefix("."),
        otherwise=options.name,
    )
    return Project(MappingProxyType({**variables, "COMPOSE_PROJECT_NAME": name}), directory)


def _profiles(model: Table, options: LoadOptions, variables: Mapping[str, str]) -> list[str]:
    """The ones that are given, else those in ``COMPOSE_PROFILES``; and those that the definition has on."""
    named = options.expand(variables.get("COMPOSE_PROFILES", ""))
    chosen = list(options.profiles) or [profile for profile in named.split(",") if profile]
    return [*chosen, *map(str, items_at(model, EXTENSION, "profiles"))]


def _load_project(reading: Reading, files: list[str], project: Project) -> Table:
    """Files that override each other, loaded as one project: the one that is asked for, or an included one."""
    model: Table = {}
    for file in files:
        for document in reading.documents(file):
            with reading.pointing_into([document]):
                model = _add_document(reading, model, document, file, project)
    fill_defaults(model, variables=project.variables)
    check_exclusive_keys(model)
    change_paths(model, lambda path: reading.absolute(path, project.directory) or project.directory)
    return model


def _add_document(reading: Reading, model: Table, document: Document, file: str, project: Project) -> Table:
    """``model`` as one more YAML document changes it."""
    changes, deletions = _read_document(reading, document, project.variables)
    here = replace(project, trail=(*project.trail, file))
    apply_includes(reading, changes, deletions, here, load=lambda files, sub: _load_project(reading, files, sub))
    if isinstance(changes.get("services"), dict):
        services = ServiceFile(file, project.directory, table_at(changes, "services"), deletions)
        ExtendsResolver(reading, lambda path: _load_services(reading, path, project.variables)).resolve(services)
    delete_paths(model, deletions)
    model = as_table(keep_last_of_equals(merge(model, changes)))
    if len(table_at(model, "services")) > MAX_SERVICES:
        raise ModelError(f"there are more than {MAX_SERVICES} services", path=("services",))
    check_compose_schema(model)
    model.pop("version", None)
    return _in_long_form(reading, model)


def _load_services(reading: Reading, file: str, variables: Mapping[str, str]) -> ServiceFile:
    """A file whose services are extended: not checked as a whole, its paths as seen from its own directory."""
    model: Table = {}
    deletions: tuple[ModelPath, ...] = ()
    for document in reading.documents(file):
        with reading.pointing_into([document]):
            changes, taken_away = _read_document(reading, document, variables)
            delete_paths(model, taken_away)
            model = as_table(keep_last_of_equals(merge(model, changes)))
            model = _in_long_form(reading, model)
            deletions += taken_away
    directory = directory_of(file)
    change_paths(model, lambda path: reading.absolute(path, directory))
    return ServiceFile(file, directory, table_at(model, "services"), deletions)


def _read_document(
    reading: Reading, document: Document, variables: Mapping[str, str]
) -> tuple[Table, tuple[ModelPath, ...]]:
    """The values of a document with their variables replaced, and the places that it takes away."""
    contents = document.read(reading.nodes)
    if not isinstance(contents.data, dict):
        raise ModelError("a Compose file is a mapping at its top level")
    data = reading.interpolate(document, contents.data, lookup=variables.get)
    check_numbers(data)
    return as_table(data), contents.deletions


def _in_long_form(reading: Reading, model: Table) -> Table:
    expand_short_syntax(model, budget=reading.nodes)
    return as_table(keep_last_of_equals(model))
