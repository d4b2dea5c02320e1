"""How rules look into a definition: the few shapes that most of them share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from previewer.domain.definition import Definition, ModelPath
from previewer.domain.json_value import JsonValue, as_list, as_object
from previewer.domain.policy.rule import Find, Request
from previewer.domain.policy.trust import Trust
from previewer.domain.service import Service

ServiceFind = Callable[[Service], Iterable[Request]]


def service_path(service: Service, *keys: str) -> ModelPath:
    """The path of a value of ``service``."""
    return ("services", service.name, *keys)


def is_on(value: JsonValue) -> bool:
    """Whether a switch is on: anything but absent, false, zero, empty and the word ``false``."""
    return bool(value) and value != "false"


def in_services(find: ServiceFind) -> Find:
    """What ``find`` finds in each service."""

    def find_all(definition: Definition, trust: Trust) -> Iterator[Request]:
        del trust
        for service in definition.services.values():
            yield from find(service)

    return find_all


def switched_on(*keys: str, message: str) -> Find:
    """Services in which the switch under ``keys`` is on; the subject is the service."""

    def find(service: Service) -> Iterator[Request]:
        value: JsonValue = service.spec
        for key in keys:
            value = as_object(value).get(key)
        if is_on(value):
            yield Request(service_path(service, *keys), message, (service.name,))

    return in_services(find)


def other_than(key: str, accepted: Collection[str], message: str) -> Find:
    """Services with a text under ``key`` that is not accepted; ``{}`` in the message is the text."""

    def find(service: Service) -> Iterator[Request]:
        value = service.spec.get(key)
        if is_on(value) and str(value) not in accepted:
            yield Request(service_path(service, key), message.format(repr(value)), (str(value),))

    return in_services(find)


def each_of(*keys: str, message: str, naming: str = "") -> Find:
    """Every item of the list under ``keys``; the subject is the item, or its member ``naming``."""

    def find(service: Service) -> Iterator[Request]:
        value: JsonValue = service.spec
        for key in keys:
            value = as_object(value).get(key)
        for index, item in enumerate(as_list(value)):
            subject = str(as_object(item).get(naming, item)) if naming else str(item)
            yield Request(service_path(service, *keys, str(index)), message.format(repr(subject)), (subject,))

    return in_services(find)
