"""Variables of an environment in its definition: filled in when it starts."""

from __future__ import annotations

import pytest

from previewer.domain.compose.references import filled, mark_of
from previewer.domain.json_value import JsonObject
from previewer.errors import DefinitionError

VARIABLES = {"PREVIEWER_URL": "http://a:1", "PREVIEWER_BRANCH": ""}


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("PREVIEWER", True),
        ("PREVIEWER_URL", True),
        ("PREVIEWER_URL_WEB_8080", True),
        ("PREVIEWER_EXPIRES_AT", True),
        ("PREVIEWER_TTL", False),
        ("PREVIEWERS", False),
        ("HOME", False),
    ],
)
def test_marks_stand_for_the_variables_of_environments_alone(name: str, is_known: bool) -> None:
    assert (mark_of(name) is not None) is is_known


def test_marks_are_filled_at_any_depth() -> None:
    table: JsonObject = {
        "a": ["x ${PREVIEWER_URL@run}/y", {"b": "${PREVIEWER_BRANCH@run}|${PREVIEWER_URL}"}],
        "n": 1,
    }
    assert filled(table, VARIABLES, where="e") == {"a": ["x http://a:1/y", {"b": "|${PREVIEWER_URL}"}], "n": 1}


def test_a_url_that_the_environment_does_not_have_is_an_error() -> None:
    with pytest.raises(DefinitionError) as caught:
        filled({"a": "${PREVIEWER_URL_DB@run}"}, VARIABLES, where="shop-main, service web")
    assert str(caught.value) == "shop-main, service web: PREVIEWER_URL_DB has no value in this environment"
    assert caught.value.hint == "each published TCP port whose machine is known has a URL, here PREVIEWER_URL"
