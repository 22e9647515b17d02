"""Ids: RFC 9562 version 7, in the order of their making."""

from services.core.ids import new_id


def test_ids_are_version_7_and_unique() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {i.version for i in made} == {7}
    assert {i.variant for i in made} == {"specified in RFC 4122"}


def test_ids_of_later_milliseconds_sort_later() -> None:
    first = new_id()
    while (later := new_id()).int >> 80 == first.int >> 80:
        pass
    assert later > first
