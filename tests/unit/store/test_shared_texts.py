"""Equal texts of a record are one object, and what was read stays what it was."""

import msgspec
from msgspec.structs import replace

from support.records import operation, seen
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import CREATE, OperationRecord
from virtslo.store.shared_texts import SharedTexts


def read_anew(observations: list[Observation]) -> list[Observation]:
    """The same facts, each with texts of its own."""
    return msgspec.json.decode(msgspec.json.encode(observations), type=list[Observation])


def test_the_texts_of_an_object_and_of_its_operations_are_one() -> None:
    made = [operation(CREATE, "vmi", 0, uid="of-vmi")]
    operations = msgspec.json.decode(msgspec.json.encode(made), type=list[OperationRecord])
    facts = read_anew(seen("vmi", uid="of-vmi", added=1, pending=2, running=3))
    texts = SharedTexts()

    texts.share_operations(operations)
    texts.share_observations(facts)

    for field in ("kind", "namespace", "name", "uid"):
        assert len({id(getattr(item, field)) for item in (*operations, *facts)}) == 1


def test_an_owner_is_the_text_of_the_uid_of_what_owns() -> None:
    owner = read_anew(seen("vmi", uid="of-vmi", added=1))
    pod = read_anew(seen("pod", uid="of-pod", owner="of-vmi", added=2, running=3))
    texts = SharedTexts()

    texts.share_observations([*owner, *pod])

    assert {id(item.owner_uid) for item in pod} == {id(owner[0].uid)}


def test_what_was_read_is_unchanged_where_one_uid_has_several_names_and_owners() -> None:
    facts = [
        *seen("a", uid="1", added=1),
        *seen("b", uid="1", running=2),
        *seen("a", uid="1", owner="2", running=3),
        *[replace(fact, namespace="other") for fact in seen("a", uid="1", running=4)],
        *seen("a", uid="1", kind="VirtualMachine", running=5),
        *seen("a", uid="1", added=6),
    ]
    texts = SharedTexts()
    given = read_anew(facts)

    texts.share_observations(given)

    assert given == facts
