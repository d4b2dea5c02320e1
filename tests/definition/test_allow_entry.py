"""An entry is added to an allow-list as a person would write it: the rest of the file stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.definition.allow_entry import allow_entry, with_allow_entry
from previewer.errors import DefinitionError

ENTRY = {"path": "services.web.mem_limit", "reason": 'it "costs" $5', "against": "production"}
FLOW = '{path: "services.web.mem_limit", reason: "it \\"costs\\" $$5", against: "production"}'
ITEM = """\
      - path: "services.web.mem_limit"
        reason: "it \\"costs\\" $$5"
        against: "production"
"""
LIST = "x-previewer:\n  parity:\n    allow:\n      - "
BLOCK = f"x-previewer:\n  parity:\n    allow:\n{ITEM}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BLOCK),
        ("# nothing yet", f"# nothing yet\n{BLOCK}"),
        ("include: [a.yaml]\n", f"include: [a.yaml]\n{BLOCK}"),
        ("services:\n  web: {}", f"services:\n  web: {{}}\n{BLOCK}"),
        (
            "x-previewer:\n  role: staging  # yes\n\n# then\nservices: {}\n",
            f"x-previewer:\n  role: staging  # yes\n  parity:\n    allow:\n{ITEM}\n# then\nservices: {{}}\n",
        ),
        (
            f"{LIST}{{path: a, reason: b}}  # c\n      # d\n",
            f"{LIST}{{path: a, reason: b}}  # c\n{ITEM}      # d\n",
        ),
        (
            f"{LIST}path: a\n        reason: |\n          b\n\n          c\nservices: {{}}\n",
            f"{LIST}path: a\n        reason: |\n          b\n\n          c\n{ITEM}services: {{}}\n",
        ),
        ("x-previewer: {parity: {allow: []}}\n", f"x-previewer: {{parity: {{allow: [{FLOW}]}}}}\n"),
        ("x-previewer: {role: a} # b\n", f"x-previewer: {{role: a, parity: {{allow: [{FLOW}]}}}} # b\n"),
    ],
)
def test_where_it_goes(before: str, after: str) -> None:
    assert with_allow_entry(before, ENTRY, where="a.yaml") == after


@pytest.mark.parametrize(
    "text",
    [
        "x-previewer:\n  parity:\n    allow:\n",
        "x-previewer:\n  parity: yes\n",
        "x-previewer: {parity: {allow: [{path: a, reason: b},]}}\n",
        "a: 1\n---\nb: 2\n",
        "- a\n",
        "a: {\n",
        "base: &base {parity: {allow: []}}\nx-previewer: *base\n",
    ],
)
def test_what_cannot_be_added_to_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"a\.yaml"):
        with_allow_entry(text, ENTRY, where="a.yaml")


@given(path=st.text(min_size=1), reason=st.text(min_size=1))
def test_any_text_is_refused_or_read_again(path: str, reason: str) -> None:
    entry = {"path": path, "reason": reason}
    try:
        edited = with_allow_entry("services: {}\n", entry, where="a.yaml")
    except DefinitionError:
        return
    assert edited == "services: {}\n" + allow_entry(entry)
