"""Debian's packages: ``/var/lib/dpkg/status``, and ``status.d`` of images without dpkg (dpkg-query(1))."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.packages import Package, PackageKind


def read_dpkg_status(content: bytes, distribution: str) -> Iterator[Package]:
    """The packages that are installed; those that were removed and left settings behind are not.

    ``distribution`` is ``ID`` of os-release. A paragraph without name or version is skipped.
    """
    for paragraph in content.decode("utf-8", "replace").split("\n\n"):
        fields = _fields(paragraph)
        status = fields.get("Status", "install ok installed")
        if status.endswith(" installed") and fields.get("Package") and fields.get("Version"):
            yield Package(
                kind=PackageKind.DEB,
                name=fields["Package"],
                version=fields["Version"],
                distribution=distribution or "debian",
                architecture=fields.get("Architecture", ""),
            )


def _fields(paragraph: str) -> dict[str, str]:
    """The fields of one paragraph (deb822(5)); lines that go on with a field are not needed."""
    lines = (line.partition(":") for line in paragraph.split("\n") if line[:1] not in ("", " ", "\t"))
    return {name: value.strip() for name, colon, value in lines if colon}
