from __future__ import annotations

import pytest

from previewer.domain.compose.log_bound import asks_for_more, bounded_logging
from previewer.domain.json_value import JsonObject, as_object

BOUND = {"max-size": "10m", "max-file": "3"}


@pytest.mark.parametrize(
    ("logging", "options", "is_more"),
    [
        ({}, BOUND, False),
        ({"driver": "json-file"}, BOUND, False),
        ({"driver": "local"}, BOUND, False),
        ({"options": {"tag": "x"}}, {"tag": "x", **BOUND}, False),
        ({"options": {"max-size": "1m"}}, {"max-size": "1m"}, False),
        ({"options": {"max-size": "30m"}}, {"max-size": "30m"}, False),
        ({"options": {"max-size": "31m"}}, BOUND, True),
        ({"options": {"max-size": "10m", "max-file": "4"}}, BOUND, True),
        ({"options": {"max-size": "1k", "max-file": "9"}}, {"max-size": "1k", "max-file": "9"}, False),
        ({"options": {"max-size": "-1"}}, BOUND, True),
        ({"options": {"max-size": "0"}}, BOUND, True),
        ({"options": {"max-file": "2"}}, BOUND, True),
        ({"driver": "local", "options": {"max-size": "10m"}}, BOUND, False),
        ({"options": {"max-buffer-size": "1g"}}, BOUND, True),
        ({"options": {"max-buffer-size": "1m"}}, {"max-buffer-size": "1m", **BOUND}, False),
        ({"driver": "none"}, {}, False),
        ({"driver": "syslog", "options": {"tag": "x"}}, {"tag": "x"}, False),
        ({"driver": "syslog", "options": {"cache-max-size": "9g"}}, {}, True),
    ],
)
def test_what_the_engine_keeps_of_a_log_has_an_end(
    logging: JsonObject, options: JsonObject, is_more: bool
) -> None:
    bounded = bounded_logging(logging)
    assert as_object(bounded.get("options")) == options
    assert bounded_logging(bounded) == bounded
    assert asks_for_more(logging) is is_more
