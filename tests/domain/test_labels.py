from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain import labels
from previewer.domain.labels import (
    Ownership,
    RankedPort,
    ownership_labels,
    read_ownership,
    read_routes,
    route_label,
)
from previewer.domain.units import format_time, parse_time
from tests.domain.values import make_ownership, ownerships, whole_seconds


@given(ownerships)
def test_ownership_survives_its_labels(ownership: Ownership) -> None:
    assert read_ownership(ownership_labels(ownership)) == ownership


def test_every_label_of_ours_belongs_to_a_kind_of_object() -> None:
    known = {
        value for value in vars(labels).values() if isinstance(value, str) and value.startswith(labels.PREFIX)
    }
    of_kinds = (labels.CONTAINER_LABELS, labels.IMAGE_LABELS, labels.VOLUME_LABELS, labels.FILE_LABELS)
    assert known - {labels.PREFIX} == frozenset().union(*of_kinds)


def test_a_container_inherits_none_of_our_labels_from_its_image() -> None:
    sealed = labels.sealed_labels({"team": "x", labels.OWNER: "ada"})
    assert sealed.keys() >= labels.CONTAINER_LABELS
    assert {key: value for key, value in sealed.items() if value} == {"team": "x", labels.OWNER: "ada"}


@given(st.lists(st.builds(RankedPort, rank=st.integers(0, 999), port=st.integers(1, 65535))))
def test_routes_survive_their_label(routes: list[RankedPort]) -> None:
    assert read_routes({labels.ROUTES: route_label(routes)}) == tuple(routes)


@pytest.mark.parametrize("text", ["x", "1", "1:2:3", "a:b", "1:"])
def test_routes_that_make_no_sense_are_as_none_at_all(text: str) -> None:
    assert read_routes({labels.ROUTES: text}) is None
    assert read_routes({}) is None


@given(whole_seconds)
def test_times_survive_their_text(timestamp: datetime) -> None:
    assert parse_time(format_time(timestamp)) == timestamp


def test_foreign_objects_have_no_ownership() -> None:
    assert read_ownership({}) is None
    assert read_ownership({labels.COMPOSE_PROJECT: "x"}) is None


@pytest.mark.parametrize(
    ("label", "value"),
    [(labels.ROLE, "king"), (labels.GENERATION, "x"), (labels.CREATED_AT, "now"), (labels.RELEASE, "")],
)
def test_mislabelled_objects_are_not_ours(label: str, value: str) -> None:
    assert read_ownership({**ownership_labels(make_ownership()), label: value}) is None


def test_every_label_of_ours_has_our_prefix() -> None:
    assert all(key.startswith(labels.PREFIX) for key in ownership_labels(make_ownership()))
