"""Alpine's packages: apk's database of what is installed (apk-package(5), one letter a field)."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.packages import Package, PackageKind


def read_apk_installed(content: bytes, distribution: str) -> Iterator[Package]:
    """Every package. ``distribution`` is ``ID`` of os-release."""
    for paragraph in content.decode("utf-8", "replace").split("\n\n"):
        fields: dict[str, str] = {}
        for line in paragraph.split("\n"):
            letter, colon, value = line.partition(":")
            if colon and letter in ("P", "V", "A"):
                fields.setdefault(letter, value.strip())
        if fields.get("P") and fields.get("V"):
            yield Package(
                kind=PackageKind.APK,
                name=fields["P"],
                version=fields["V"],
                distribution=distribution or "alpine",
                architecture=fields.get("A", ""),
            )
