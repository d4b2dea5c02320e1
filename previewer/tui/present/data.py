"""The volumes of an environment, as rows, and what can be chosen instead of their data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from previewer.domain.commit.revision import short_id
from previewer.domain.data.beginning import EMPTY, SEEDS, Lifetime
from previewer.domain.units import counted, format_memory
from previewer.operations.data import ListedSnapshot
from previewer.operations.data_volumes import DataVolume
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, age, ago
from previewer.tui.present.text import Line, line

_COLUMNS = (
    Column("volume", "Volume", 6, share=1, most=28),
    Column("origin", "Began with", 18, share=3, most=64),
    Column("snapshot", "Snapshot", 12),
    Column("age", "Age", 4, align_right=True),
    Column("own", "Own", 8, align_right=True),
    Column("lifetime", "Lives with", 11),
)
_NAME = Column("name", "On the engine", 20, share=2, most=64)
_WIDE_FROM = 150


def fit_volume_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    return share_out((*_COLUMNS, _NAME) if width >= _WIDE_FROM else _COLUMNS, width, longest)


def volume_lines(volume: DataVolume, own: int | None, *, now: datetime) -> Mapping[str, Line]:
    """A volume's row; ``own`` in bytes, ``None`` while the engine counts."""
    is_handed_over = volume.lifetime is Lifetime.ENVIRONMENT
    taken = volume.snapshot
    return {
        "volume": line(volume.key),
        "origin": line(volume.origin or Span("nothing", Tone.QUIET)),
        "snapshot": line(Span((taken and taken.name) or short_id(volume.snapshot_id), Tone.QUIET)),
        "age": line(age(volume.made_at, now) if volume.made_at else ""),
        "own": line(format_memory(own) if own is not None else Span("…", Tone.QUIET)),
        "lifetime": line(Span(volume.lifetime.value, Tone.ACCENT if is_handed_over else Tone.PLAIN)),
        "name": line(Span(volume.name, Tone.QUIET)),
    }


def data_title(volumes: Sequence[DataVolume], snapshots: Sequence[ListedSnapshot], environment: str) -> Line:
    """How much there is, and what there is to go back to."""
    taken = [one.snapshot for one in snapshots if one.snapshot.environment == environment]
    said = f"{counted(len(taken), 'snapshot')} taken of it, {counted(len(snapshots), 'snapshot')} in all"
    return line(Span(counted(len(volumes), "volume"), Tone.STRONG), Span(f" · {said}", Tone.QUIET))


def data_to_begin_with(snapshots: Iterable[ListedSnapshot], *, now: datetime) -> Iterator[tuple[str, str]]:
    """What a reset can choose, each with what it is."""
    yield SEEDS, "what the definition's seeds made"
    yield EMPTY, "no data at all"
    for one in snapshots:
        snapshot = one.snapshot
        about = (snapshot.origin, ", ".join(sorted(snapshot.volumes)), ago(snapshot.created_at, now))
        yield snapshot.name or short_id(snapshot.id), " · ".join(about)
