from __future__ import annotations

import pytest

from previewer.domain.engine.capacity import START_INTERVAL, VOLUME_SUBPATH, refuse_missing
from previewer.errors import UnsupportedError
from tests.definition.trees import load_text

PART = "volumes: [{type: volume, source: data, target: /d, volume: {subpath: x}}]"
EAGER = "healthcheck: {test: x, start_interval: 2s}"


@pytest.mark.parametrize(("lines", "ability"), [(PART, VOLUME_SUBPATH), (EAGER, START_INTERVAL)])
def test_what_the_engine_cannot_do_is_told_with_its_line(lines: str, ability: str) -> None:
    definition = load_text(f"services:\n  web:\n    image: i\n    {lines}\nvolumes: {{data: {{}}}}\n")
    refuse_missing(definition, {})
    refuse_missing(definition, {"health": "something else"})
    with pytest.raises(UnsupportedError, match=f"service web: this engine cannot do {ability}: too old") as caught:
        refuse_missing(definition, {ability: "too old"})
    assert (caught.value.where or "").startswith("compose.yaml:4")
    assert caught.value.hint
