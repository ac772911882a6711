"""What belongs to an owner is kept in order, whether it is one key or many."""

from virtslo.hollow.client_go.dependents import Dependents


def test_keys_are_in_the_order_in_which_they_were_added() -> None:
    dependents = Dependents[tuple[str, str]]()
    for name in ("b", "a", "c", "a"):
        dependents.add("owner", ("n", name))

    assert dependents.of("owner") == (("n", "b"), ("n", "a"), ("n", "c"))
    assert dependents.of("other") == ()


def test_a_key_that_is_added_again_is_one() -> None:
    dependents = Dependents[tuple[str, str]]()
    dependents.add("owner", ("n", "a"))
    dependents.add("owner", ("n", "a"))

    assert dependents.of("owner") == (("n", "a"),)


def test_only_the_key_that_is_named_goes() -> None:
    dependents = Dependents[tuple[str, str]]()
    dependents.add("owner", ("n", "a"))
    dependents.discard("owner", ("n", "b"))
    one = dependents.of("owner")
    dependents.add("owner", ("n", "b"))
    dependents.discard("owner", ("n", "a"))
    dependents.discard("owner", ("n", "a"))
    other = dependents.of("owner")
    dependents.discard("owner", ("n", "b"))
    dependents.discard("owner", ("n", "b"))

    assert (one, other, dependents.of("owner")) == ((("n", "a"),), (("n", "b"),), ())
