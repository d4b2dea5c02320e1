"""docs/settings.md lists every setting. ``python -m tests.settings.test_reference`` rewrites it."""

from __future__ import annotations

import re
from datetime import timedelta

from previewer.domain.compose.definition import Role
from previewer.settings.load import load_settings
from previewer.settings.row import Layer, Setting
from previewer.settings.table import SETTINGS
from tests.markdown_section import DOCS, table, with_sections

DOCUMENT = DOCS / "settings.md"
_LAYERS = {
    Layer.USER | Layer.REPOSITORY: "",
    Layer.USER: "your own file only",
    Layer.REPOSITORY: "`previewer.toml` only",
}


def test_the_document_lists_every_setting() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == expected()


def test_the_document_s_example_is_read() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    settings = load_settings(user_file=None, repository_file=example.encode(), environment={})
    assert settings.trust.limits[Role.PREVIEW].memory == 512 << 20


def test_the_policy_s_examples_are_read() -> None:
    text = (DOCS / "policy.md").read_text(encoding="utf-8")
    grants, replaced, images, limited = (
        load_settings(user_file=None, repository_file=example.encode(), environment={})
        for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    )
    assert len(grants.trust.grants) == 8
    assert replaced.trust.replaced == ("/etc/localtime", "/srv/media/**", "/var/run/docker.sock")
    assert images.trust.images == ("postgres", "redis:7*", "ghcr.io/acme/**")
    assert limited.trust.limits[Role.PREVIEW].max_untrusted_ttl == timedelta(hours=12)


def expected() -> str:
    by_key: dict[str, list[Setting]] = {}
    for setting in SETTINGS:
        by_key.setdefault(_for_any_role(setting.key), []).append(setting)
    rows = [_row(key, settings) for key, settings in by_key.items()]
    head = ("key", "value", "default", "meaning", "variable")
    return with_sections(DOCUMENT, {"settings": f"\n{table(head, rows)}\n"})


def _row(key: str, settings: list[Setting]) -> tuple[str, ...]:
    """One row for a setting, or for one that there is for every role."""
    first = settings[0]
    only = _LAYERS[first.layers]
    meaning = _for_any_role(f"{first.meaning} ({only})" if only else first.meaning)
    default = first.default
    if len({setting.default for setting in settings}) > 1:
        default = ", ".join(f"{setting.key.split('.')[1]} {setting.default}" for setting in settings)
    variable = f"`{first.variable}`" if first.variable else ""
    if variable and len(settings) > 1:
        variable += f" for {first.key.split('.')[1]}"
    return (f"`{key}`", first.looks, default, meaning, variable)


def _for_any_role(text: str) -> str:
    return re.sub(r"\b(preview|staging|production)(?=\.|$)", "ROLE", text)


if __name__ == "__main__":
    DOCUMENT.write_text(expected(), encoding="utf-8")
