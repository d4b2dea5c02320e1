"""Create bodies with the label that says what was asked for."""

from __future__ import annotations

from previewer.domain.drift.asked import BINDING, SUBNETS, asked_text
from previewer.domain.drift.fields import LABELS, Fields
from previewer.domain.json_value import as_object
from previewer.domain.labels import ASKED
from previewer.engine.mapping.container import ContainerBody
from previewer.engine.mapping.part import Raw
from previewer.engine.normal_form import normal_form
from previewer.engine.resource_form import binding_of, network_form, subnets_of, volume_form


def joined_body(wanted: ContainerBody) -> Raw:
    """A container's create body with all networks in it, those that older engines join later too."""
    endpoints = as_object(as_object(wanted.body.get("NetworkingConfig")).get("EndpointsConfig"))
    later = {joined.network: joined.endpoint for joined in wanted.later_networks}
    return {**wanted.body, "NetworkingConfig": {"EndpointsConfig": {**endpoints, **later}}}


def labelled_container(wanted: ContainerBody) -> Raw:
    """The create body of a container."""
    return _labelled(wanted.body, normal_form(joined_body(wanted)))


def labelled_network(body: Raw) -> Raw:
    """The create body of a network, with what was chosen for it."""
    return _labelled(body, {**network_form(body), SUBNETS: ", ".join(subnets_of(body)), BINDING: binding_of(body)})


def labelled_volume(body: Raw) -> Raw:
    """The create body of a volume, of whose options nothing is told: they may hold a password."""
    form = volume_form(body)
    return _labelled(body, {name: form[name] for name in form if name.startswith(LABELS)})


def _labelled(body: Raw, fields: Fields) -> Raw:
    return {**body, "Labels": {**as_object(body.get("Labels")), ASKED: asked_text(fields)}}
