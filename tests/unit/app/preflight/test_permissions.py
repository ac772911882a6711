"""What a run asks to be allowed."""

import pytest

from virtslo.app.preflight.permissions import needed, optional
from virtslo.model.plan.workload import TRAITS, Kind


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_asks_for_what_it_creates_watches_and_removes(kind: Kind) -> None:
    asked = {(each.verb, each.resource) for each in needed(kind)}

    plural = TRAITS[kind].resource.plural
    assert {("create", plural), ("delete", plural), ("list", plural), ("watch", plural)} <= asked
    assert ("watch", "virtualmachineinstances") in asked


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_asked_for_twice_and_no_secret_at_all(kind: Kind) -> None:
    asked = needed(kind)

    assert len(asked) == len(set(asked))
    assert "secrets" not in {each.resource for each in asked}


def test_what_can_be_done_without_says_what_is_lost() -> None:
    assert all(each.use for each in optional("kubevirt"))
    (proxy,) = [each for each in optional("kubevirt") if each.subresource]
    assert str(proxy) == "get pods/proxy in namespace kubevirt"
