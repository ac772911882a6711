"""Who calls: the scheme in any case, no token that is no text, and no acting without a right."""

import pytest
from multidict import CIMultiDict

from virtslo.base.errors import Forbidden, ServerFailure
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.http.authentication import Authentication

ACCOUNT = Identity("c", "system:serviceaccount:ns:sa", "c/1", ("system:authenticated",))


def authentication() -> Authentication:
    return Authentication(lambda token, _: ACCOUNT if token == "account" else None)


def user_of(known: Authentication, authorization: str, **headers: str) -> Identity | None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return known.user_of(CIMultiDict({"Authorization": authorization, **given}))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer"])
def test_the_scheme_may_be_written_in_any_case(scheme: str) -> None:
    known = authentication()
    user = user_of(known, f"{scheme} {known.token}")

    assert user is not None
    assert user.username == "kubernetes-admin"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer  x", "Bearer \udcff", "Bearer é"]
)
def test_what_is_no_token_names_nobody(header: str) -> None:
    assert user_of(authentication(), header) is None


def test_an_administrator_acts_for_others() -> None:
    known = authentication()
    user = user_of(known, f"Bearer {known.token}", Impersonate_User="jane")

    assert user is not None
    assert (user.username, user.groups) == ("jane", ("system:authenticated",))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("kubernetes-admin", 'users "kubernetes-admin" is forbidden: User .* at the cluster scope'),
        ("system:serviceaccount:ns:other", 'serviceaccounts "other" .* in the namespace "ns"'),
    ],
)
def test_a_service_account_acts_for_none(wanted: str, words: str) -> None:
    with pytest.raises(Forbidden, match=words):
        user_of(authentication(), "Bearer account", Impersonate_User=wanted)


def test_groups_without_a_user_are_an_error_as_there() -> None:
    known = authentication()
    with pytest.raises(ServerFailure, match="without impersonating a user"):
        user_of(known, f"Bearer {known.token}", Impersonate_Group="system:masters")
