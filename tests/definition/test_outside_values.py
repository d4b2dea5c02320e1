"""Values that a commit leaves to its users: what is wanted is listed, and files, shells and examples give it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from previewer.definition import load_named
from previewer.definition.load import LoadOptions, load_files
from previewer.domain.compose.definition import Definition, ReadingChoice
from previewer.domain.compose.references import References
from previewer.errors import DefinitionError, OutsideTreeError
from tests.definition.trees import tree_of

COMPOSE = """services:
  web:
    image: app:${TAG:?which tag}
    env_file: .env
    environment: {MODE: '${MODE:?}'}
"""
EXAMPLE = "MODE=fast\nTAG=1\n# what it is signed with\nexport SIGNING_KEY=changeme\n"
EXAMPLE_VALUES = {"MODE": "fast", "TAG": "1", "SIGNING_KEY": "changeme"}
VALUES = {"MODE": "slow", "TAG": "2", "SIGNING_KEY": "from outside"}


def load(files: Mapping[str, str], options: LoadOptions) -> Definition:
    return load_files(tree_of(files), ["compose.yaml"], options)


def environment_of(definition: Definition) -> object:
    return definition.services["web"].spec["environment"]


def refusal(files: Mapping[str, str], **variables: str) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        load(files, LoadOptions(variables=variables, project_name="p"))
    return caught.value


def test_all_that_is_wanted_is_listed_with_its_place() -> None:
    error = refusal({"compose.yaml": COMPOSE})
    assert error.details == (
        "compose.yaml:3:5: services.web.image: required variable TAG is missing a value: which tag",
        "compose.yaml:5:19: services.web.environment.MODE: required variable MODE is missing a value",
        "compose.yaml:4:5: services.web.env_file: the environment file .env is not in the commit",
    )
    assert error.hint is not None
    assert "--env-file" in error.hint
    assert "--env-example" not in error.hint


def test_a_committed_example_is_offered_and_says_which_values_are_wanted() -> None:
    error = refusal({"compose.yaml": COMPOSE, ".env.example": EXAMPLE}, TAG="2", MODE="slow")
    assert str(error) == ".env.example:4: SIGNING_KEY, for .env"
    assert "take the values of .env.example with --env-example" in (error.hint or "")


@pytest.mark.parametrize(
    "name", [".env.example", ".env.sample", ".env.dist", ".env.template", "example.env", "env.example"]
)
def test_an_example_stands_for_the_file_where_that_is_chosen(name: str) -> None:
    files = {"compose.yaml": COMPOSE, name: EXAMPLE}
    definition = load(files, LoadOptions(takes_examples=True, project_name="p"))
    assert environment_of(definition) == {"MODE": "fast", "TAG": "1", "SIGNING_KEY": "changeme"}
    assert name in definition.files
    assert f".env is not in the commit; the values of {name} stand for it" in definition.warnings


def test_a_definition_chooses_the_example_itself() -> None:
    files = {"compose.yaml": f"{COMPOSE}x-previewer: {{env_example: true}}\n", ".env.example": EXAMPLE}
    assert load(files, LoadOptions(project_name="p")).services["web"].spec["image"] == "app:1"


def test_values_from_outside_win_over_an_example() -> None:
    files = {"compose.yaml": COMPOSE, ".env.example": EXAMPLE}
    for options in (
        LoadOptions(variables=VALUES, project_name="p"),
        LoadOptions(variables=VALUES, project_name="p", takes_examples=True),
    ):
        assert environment_of(load(files, options)) == VALUES


def test_an_example_has_what_a_given_file_has_not() -> None:
    files = {"compose.yaml": "services: {web: {image: i, env_file: .env}}\n", ".env.example": EXAMPLE}
    for takes, expected in ((True, {**EXAMPLE_VALUES, "MODE": "slow"}), (False, {"MODE": "slow"})):
        options = LoadOptions(
            project_name="p",
            takes_examples=takes,
            variables={"MODE": "slow"},
            config_mounts={"../secrets.env": ("MODE",)},
        )
        assert environment_of(load(files, options)) == expected


def test_a_file_of_this_machine_stands_for_one_outside_of_the_tree() -> None:
    files = {"compose.yaml": "services: {web: {image: i, env_file: /etc/app.env}}\n"}
    with pytest.raises(OutsideTreeError, match="outside the commit's tree") as caught:
        load(files, LoadOptions(project_name="p"))
    assert "--env-file" in (caught.value.hint or "")
    given = LoadOptions(project_name="p", variables={"MODE": "slow"}, config_mounts={"app.env": ("MODE",)})
    assert environment_of(load(files, given)) == {"MODE": "slow"}


def test_a_committed_file_wins_over_an_example() -> None:
    files = {"compose.yaml": COMPOSE, ".env": "MODE=a\nTAG=b\n", ".env.example": EXAMPLE}
    definition = load(files, LoadOptions(takes_examples=True, project_name="p"))
    assert environment_of(definition) == {"MODE": "a", "TAG": "b"}


def test_files_of_the_machine_stand_for_the_one_of_their_name_else_for_any() -> None:
    text = "services:\n  web: {image: i, env_file: [web.env]}\n  db: {image: i, env_file: conf/db.env}\n"
    given = {"/home/me/db.env": ["D"], "/home/me/all.env": ["A"]}
    options = LoadOptions(variables={"A": "1", "D": "2"}, config_mounts=given, project_name="p")
    services = load({"compose.yaml": text}, options).services
    assert services["db"].spec["environment"] == {"D": "2"}
    assert services["web"].spec["environment"] == {"A": "1", "D": "2"}


def test_a_file_of_an_include_is_given_too() -> None:
    files = {
        "compose.yaml": "include: [{path: a.yaml, env_file: a.env}]\n",
        "a.yaml": "services: {web: {image: 'i:${TAG}'}}\n",
        "a.env.example": "TAG=9\n",
    }
    assert load(files, LoadOptions(takes_examples=True, project_name="p")).services["web"].spec["image"] == "i:9"


def test_optional_files_and_unused_variables_are_not_wanted() -> None:
    text = "services: {web: {image: 'i${TAG}', env_file: [{path: .env, required: false}]}}\n"
    definition = load({"compose.yaml": text}, LoadOptions(project_name="p"))
    assert definition.warnings == ("the variable TAG is not set; an empty text stands for it",)


def test_an_unset_variable_that_the_example_has_is_told_so() -> None:
    files = {"compose.yaml": "services: {web: {image: 'i${TAG}'}}\n", ".env.example": EXAMPLE}
    (warning,) = load(files, LoadOptions(project_name="p")).warnings
    assert "(.env.example has a value: --env-example)" in warning


def test_templates_in_extensions_keep_references() -> None:
    text = "x-env: &env {KEY: '${KEY}'}\nservices: {web: {image: i, environment: *env, x-note: '${KEY}'}}\n"
    references = References(b"k", {"KEY": "a secret"})
    definition = load_named(tree_of({"compose.yaml": text}), "preview", references=references, project_name="p")
    assert "a secret" not in repr(definition.model)
    assert "a secret" in repr(references.resolve(definition).model)


def test_profiles_are_chosen_by_users_and_by_the_definition() -> None:
    text = "services: {web: {image: i, profiles: [a]}, job: {image: i, profiles: [b, c]}}\n"
    tree = tree_of({"compose.yaml": text, "envs/own.yaml": f"{text}x-previewer: {{profiles: [b]}}\n"})

    def services(name: str, *profiles: str) -> set[str]:
        return set(load_named(tree, name, choice=ReadingChoice(profiles=profiles)).services)

    assert services("preview") == set()
    assert load_named(tree, "preview").profiles_off == ("a", "b", "c")
    assert services("preview", "a") == {"web"}
    assert services("own") == {"job"}
    assert services("own", "a") == {"web", "job"}


def test_the_files_that_dotenv_names_are_the_definition() -> None:
    files = {
        ".env": "COMPOSE_FILE=deploy/a.yml;deploy/b.yml\nCOMPOSE_PATH_SEPARATOR=;\nA=root\nCOMPOSE_PROFILES=x\n",
        "deploy/.env": "A=deploy\nB=deploy\n",
        "deploy/a.yml": "services: {web: {image: i, profiles: [x], environment: {A: '${A}', B: '${B}'}}}\n",
        "deploy/b.yml": "services: {web: {volumes: ['./x:/x']}}\n",
        "compose.yaml": "services: {other: {image: i}}\n",
    }
    definition = load_named(tree_of(files), "preview", project_name="p")
    assert set(definition.services) == {"web"}
    assert environment_of(definition) == {"A": "root", "B": "deploy"}
    assert "deploy/x" in repr(definition.model)


def test_a_file_that_dotenv_names_and_the_commit_lacks_is_an_error() -> None:
    tree = tree_of({".env": "A=1\nCOMPOSE_FILE=a.yml:b.yml\n", "a.yml": "services: {}\n"})
    with pytest.raises(DefinitionError) as caught:
        load_named(tree, "preview")
    assert str(caught.value) == ".env:2: COMPOSE_FILE names 'b.yml', which is no file of the commit"


RUN_TEXT = """services:
  web:
    image: i
    command: serve --url ${PREVIEWER_URL:-http://localhost}
    environment: ['SELF=${PREVIEWER_URL_WEB}', 'FROM_FILE=${FROM}']
    labels: {env: '${PREVIEWER_ENVIRONMENT}'}
configs: {c: {content: 'at $PREVIEWER_URL'}}
"""


def test_variables_of_environments_are_marks() -> None:
    files = {"compose.yaml": RUN_TEXT, ".env": "FROM=at ${PREVIEWER_BRANCH}\nPREVIEWER_URL=http://elsewhere\n"}
    definition = load(files, LoadOptions(project_name="p"))
    service = definition.services["web"].spec
    assert service["command"] == ["serve", "--url", "${PREVIEWER_URL@run}"]
    assert environment_of(definition) == {
        "SELF": "${PREVIEWER_URL_WEB@run}",
        "FROM_FILE": "at ${PREVIEWER_BRANCH@run}",
    }
    assert service["labels"] == {"env": "${PREVIEWER_ENVIRONMENT@run}"}
    assert definition.warnings == ()


@pytest.mark.parametrize(
    "service",
    [
        "build: {context: ., args: {U: '${PREVIEWER_URL}'}}",
        "build: {context: ., labels: {U: '${PREVIEWER_URL}'}}",
        "image: 'i:${PREVIEWER_BRANCH}'",
        "image: i\n    hostname: '${PREVIEWER_ENVIRONMENT}'",
        "image: i\n    mem_limit: '${PREVIEWER_COMMIT}'",
        "image: i\n    pids_limit: ${PREVIEWER_COMMIT}",
    ],
)
def test_what_is_decided_before_the_start_cannot_have_them(service: str) -> None:
    with pytest.raises(DefinitionError, match="known only when an environment starts") as caught:
        load({"compose.yaml": f"services:\n  web:\n    {service}\n"}, LoadOptions(project_name="p"))
    assert (caught.value.where or "").startswith("compose.yaml:")
