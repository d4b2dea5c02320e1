from __future__ import annotations

import tomllib

import pytest

from previewer.settings.load import KeyPath, find_lines

TEXT = '''\
# [not.a.table]
a = 1
"b c" = [ # a list
  "x", # key = 1
  'y',
]
text = """
[trap]
a = 2
"""
c.d = { e = 1, f = [1, 2] }

[table] # comment
a = "[no] #list"
'quo.ted' = ']'

[[many]]
a = 1
[[many]]
a = """one line"""
[many.inner]
k = '#'
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b c",), 3),
        (("text",), 7),
        (("c", "d"), 11),
        (("c", "d", "e"), 11),
        (("table",), 13),
        (("table", "a"), 14),
        (("table", "quo.ted"), 15),
        (("many", "0", "a"), 18),
        (("many", "1", "a"), 20),
        (("many", "1"), 19),
        (("table", "missing"), 13),
        (("missing",), None),
    ],
)
def test_lines_of_keys(path: KeyPath, line: int | None) -> None:
    assert tomllib.loads(TEXT)
    assert find_lines(TEXT).line_of(path) == line


@pytest.mark.parametrize(("item", "line"), [("x", 4), ("y", 5), ("z", 3)])
def test_lines_of_items(item: str, line: int) -> None:
    assert find_lines(TEXT).line_of(("b c",), item) == line
