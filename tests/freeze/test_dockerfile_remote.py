"""Remote files in a Dockerfile: only those whose content is named."""

from __future__ import annotations

import pytest

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.remote_files import refuse_remote_files

SUM = "a" * 64
COMMIT = "b" * 40


@pytest.mark.parametrize(
    "line",
    [
        "ADD a b /dst/",
        'ADD ["a", "/dst"]',
        f"ADD --checksum=sha256:{SUM} https://example.org/x /x",
        f"ADD https://example.org/x.git#{COMMIT} /x",
        f"ADD git@example.org:x.git#{COMMIT}:sub /x",
        f"ADD --checksum={COMMIT} https://example.org/x.git#main /x",
        "COPY https://example.org/x /x",
        "RUN wget https://example.org/x",
    ],
)
def test_files_of_the_context_and_named_content_are_fine(line: str) -> None:
    refuse_remote_files(read_dockerfile(f"FROM a\n{line}\n"), where="Dockerfile")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("ADD https://example.org/x /x", "--checksum"),
        ("ADD local HTTP://example.org/x /x/", "--checksum"),
        ('ADD ["https://example.org/x", "/x"]', "--checksum"),
        ("ADD --chown=1:1 \\\n  'https://example.org/x' /x", "--checksum"),
        (f"ADD --checksum=md5:{SUM} https://example.org/x /x", "--checksum"),
        ("ADD https://example.org/x.git /x", "commit"),
        ("ADD https://example.org/x.git#main /x", "commit"),
        ("ADD git@example.org:x.git#v1 /x", "commit"),
    ],
)
def test_what_may_change_is_refused_with_its_line(line: str, hint: str) -> None:
    with pytest.raises(DefinitionError, match="another file tomorrow") as caught:
        refuse_remote_files(read_dockerfile(f"FROM a\n\n{line}\n"), where="web/Dockerfile")
    assert caught.value.where == "web/Dockerfile:3"
    assert hint in (caught.value.hint or "")
