from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given

from previewer.domain import labels
from previewer.domain.labels import Ownership, format_time, ownership_labels, parse_time, read_ownership
from tests.domain.values import make_ownership, ownerships, whole_seconds


@given(ownerships)
def test_ownership_survives_its_labels(ownership: Ownership) -> None:
    assert read_ownership(ownership_labels(ownership)) == ownership


@given(whole_seconds)
def test_times_survive_their_text(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment


def test_foreign_objects_have_no_ownership() -> None:
    assert read_ownership({}) is None
    assert read_ownership({labels.COMPOSE_PROJECT: "x"}) is None


@pytest.mark.parametrize(
    ("label", "value"), [(labels.ROLE, "king"), (labels.GENERATION, "x"), (labels.CREATED_AT, "now")]
)
def test_mislabelled_objects_are_not_ours(label: str, value: str) -> None:
    assert read_ownership({**ownership_labels(make_ownership()), label: value}) is None


def test_every_label_of_ours_has_our_prefix() -> None:
    assert all(key.startswith(labels.PREFIX) for key in ownership_labels(make_ownership()))
