from __future__ import annotations

import pytest

from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.repository_files import may_mount_cache


@pytest.mark.parametrize(
    ("line", "may"),
    [
        ("RUN make", False),
        ("RUN echo type=cache", False),
        ("RUN --mount=type=bind,source=.,target=/s make", False),
        ("RUN --mount=type=secret,id=token make", False),
        ("RUN --mount=type=cache,target=/root/.cache make", True),
        ("RUN --network=none --mount=target=/c,type=cache,sharing=locked make", True),
        ("RUN --mount=target=/c,type=CACHE make", True),
        ("RUN --mount=type=${KIND},target=/c make", True),
        ('RUN --mount="type=cache,target=/c" make', True),
        ("RUN \\\n  --mount=type=cache,id=${ID},target=/c \\\n  make", True),
        ("ONBUILD RUN --mount=type=cache,target=/c make", True),
    ],
)
def test_a_build_that_may_mount_a_cache_is_known(line: str, may: bool) -> None:
    assert may_mount_cache(read_dockerfile(f"FROM x\n{line}\n")) is may
