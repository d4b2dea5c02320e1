from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.secrecy import REDACTED, SHORTEST_REDACTED, named_secrets, redactor
from tests.domain.values import make_definition


def test_values_are_replaced_the_longest_first() -> None:
    redact = redactor(["hunter2", "hunter2-and-more", "two\nlines of it", "abc", ""])
    assert redact("x hunter2-and-more y hunter2") == f"x {REDACTED} y {REDACTED}"
    assert redact("lines of it, abc") == f"{REDACTED}, abc", "a short one would take words apart"


def test_variables_tell_by_their_names() -> None:
    environment = {
        "DB_PASSWORD": "one",
        "API_TOKEN": "two",
        "COLOUR": "green",
        "apikey": "three",
        "EMPTY_SECRET": None,
        "DATABASE": "postgres://shop:four@db/shop?a=b@c",
        "CACHE": "redis://:five@cache:6379",
        "SITE": "https://example.org:80/a:b@c",
    }
    definition = make_definition({"web": {"image": "x", "environment": environment}})
    assert set(named_secrets(definition)) == {"one", "two", "three", "four", "five"}


@given(st.lists(st.text(st.characters(exclude_characters="*"), min_size=SHORTEST_REDACTED)), st.text(), st.text())
def test_no_secret_is_left(secrets: list[str], before: str, after: str) -> None:
    redact = redactor(secrets)
    for secret in secrets:
        for line in secret.splitlines():
            if len(line.strip()) >= SHORTEST_REDACTED:
                assert line.strip() not in redact(f"{before}{secret}{after}".replace(REDACTED, ""))
