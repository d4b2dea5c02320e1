"""What a user is told: the place and a hint."""

from __future__ import annotations

import pytest

from previewer.errors import DefinitionError
from tests.definition.trees import load_text


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("services:\n  web:\n    imge: x\n", "3:5", "unknown key 'imge'", "'image'"),
        ("servces: {}\n", "1:1", "unknown key 'servces'", "did you mean 'services'?"),
        ("services:\n  web:\n    image: [x]\n", "3:5", "must be text", None),
        ("services:\n  web: {image: x, ports: [80, '80:99999']}\n", "2:31", "is no container port", None),
        ("services:\n  web: {image: x, depends_on: [dbb]}\n  db: {image: x}\n", "2:32", "no service", "'db'"),
        ("services:\n  web: {image: x, volumes: ['data:/d']}\n", "2:29", "no volume 'data'", "top-level key"),
        ("services:\n  web:\n    image: ${A:?say so}\n", "3:5", "A is missing a value: say so", "--env-file FILE"),
        ("services:\n  web:\n    image: x\n    mem_limit: 1x\n", "4:5", "is not a size", "64m"),
        ("services:\n  web:\n    image: x\n    scale: ${N:-many}\n", "4:5", "is not an integer", None),
        ("services:\n  web:\n    extends: bas\n  base: {image: x}\n", "3:5", "no service 'bas'", "'base'"),
        ("services:\n  web: {command: x}\n", "2:3", "needs 'image' or 'build'", None),
        ("services:\n  web: {image: x, env_file: a.env}\n", "2:19", "a.env is not in", "--env-file FILE"),
        ("x-previewer:\n  ttll: 1d\nservices: {}\n", "2:3", "unknown key 'ttll'", "'ttl'"),
        ("x-previewer:\n  role: stagin\n", "2:3", "none of preview", "'staging'"),
        ("x-previewer:\n  ttl: 1 day\n", "2:3", "does not have the form", None),
        ("include: ['https://example.com/a.git']\n", "1:11", "not part of the commit", "same repository"),
        ("services:\n  a: {image: x, links: [b]}\n  b: {image: x, links: [a]}\n", "2:3", "a → b → a", None),
        ("services:\n  web:\n    image: x\n    x-f: .inf\n", "4:5", "infinite", None),
        ("services: {a: {image: x, ports: [1.5]}}\n", "1:34", "is no container port", None),
        ("services:\n  a: {image: x, user: 7}\n", "2:17", "must be text", "put quotes around it"),
        ("services:\n  a b: {image: x}\n", "2:3", "unknown key 'a b'", "a name here has only"),
        ("web: {image: x}\n", "1:1", "unknown key 'web'", "under the top-level key 'services'"),
        ("services:\n\ta: {image: x}\n", "2:1", "not valid YAML", "there is a tab"),
    ],
)  # fmt: skip
def test_errors_have_a_place_and_a_hint(text: str, where: str, message: str, hint: str | None) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_text(text)
    assert message in caught.value.message
    assert caught.value.where == f"compose.yaml:{where}"
    assert (hint or "") in (caught.value.hint or "")


def test_an_empty_file_is_named() -> None:
    with pytest.raises(DefinitionError, match="the file is empty") as caught:
        load_text("# later\n")
    assert caught.value.where == "compose.yaml"


def test_an_error_in_an_included_file_is_told_there() -> None:
    with pytest.raises(DefinitionError) as caught:
        load_text("include: [other.yaml]\n", other__yaml="services:\n  a:\n    imagee: x\n")
    assert caught.value.where == "other.yaml:3:5"


def test_unset_variables_are_warnings() -> None:
    definition = load_text("services: {a: {image: 'x${TAG}', command: '$TAG $$TAG ${OTHER:-}'}}")
    assert definition.warnings == ("the variable TAG is not set; an empty text stands for it",)
    assert definition.services["a"].spec["command"] == ["$TAG"]


def test_a_variable_may_be_infinite_or_no_number_as_it_is_text() -> None:
    text = "services: {a: {image: x, environment: {ABOVE: .inf, BELOW: -.inf, NONE: .nan}}}"
    found = load_text(text).services["a"].environment
    assert dict(found) == {"ABOVE": "+Inf", "BELOW": "-Inf", "NONE": "NaN"}
