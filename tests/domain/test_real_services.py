"""What real services write, recorded on an engine, is not taken for drift."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.domain.drift.file_places import may_go_on
from previewer.domain.drift.judge_files import is_natural, undeclared_changes
from previewer.domain.engine.examination import ChangeKind, FileChange

RECORDED = Path(__file__).parent / "data" / "real_services.txt"
KINDS = {"A": ChangeKind.ADDED, "C": ChangeKind.MODIFIED, "D": ChangeKind.DELETED}
CONFIGS = (
    "/etc/h.cfg",
    "/srv/php/index.php",
    *(f"/srv/app/{name}" for name in ("app.py", "asgi.py", "tasks.py", "config.ru")),
)
"""That the definition gave to some of them."""
LEARNT_BY_PLACE = {
    "caddy": ["/root/.config", "/root/.step"],
    "django": ["/srv/manage.py", "/srv/site_"],
    "etcd-cwd": ["/srv/default.etcd"],
    "node": ["/app"],
    "prometheus-cwd": ["/prometheus"],
    "redis-in-data": ["/data"],
}
"""Data outside the places for them: known once a generation is healthy, and free to change from then on."""
LEARNT_BY_CONTENT = {"nginx-templated": ["/etc/nginx/conf.d/made.conf", "/etc/nginx/nginx.conf"]}
"""Settings that a start script writes."""


def recorded() -> Iterator[tuple[str, tuple[FileChange, ...]]]:
    for section in RECORDED.read_text(encoding="utf-8").split("\n[")[1:]:
        name, _, lines = section.partition("]\n")
        yield name, tuple(FileChange(line[2:], KINDS[line[0]]) for line in lines.splitlines() if line)


SERVICES = dict(recorded())


@pytest.mark.parametrize("service", SERVICES)
def test_an_untouched_service_is_not_accused(service: str) -> None:
    found = [
        change.path for change in undeclared_changes(SERVICES[service], allowed=CONFIGS) if not is_natural(change)
    ]
    by_place = [path for path in found if may_go_on(path)]
    assert by_place == LEARNT_BY_PLACE.get(service, [])
    assert [path for path in found if path not in by_place] == LEARNT_BY_CONTENT.get(service, [])


def test_there_are_enough_of_them() -> None:
    assert len(SERVICES) >= 40
