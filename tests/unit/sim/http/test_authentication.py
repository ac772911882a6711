"""Who calls: the scheme in any case, a token that is known, or an anonymous one."""

import pytest
from multidict import CIMultiDict

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


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer  x"])
def test_without_a_token_one_is_anonymous(header: str) -> None:
    user = user_of(authentication(), header)

    assert user is not None
    assert (user.username, user.groups) == ("system:anonymous", ("system:unauthenticated",))


@pytest.mark.parametrize("header", ["Bearer x", "Bearer \udcff", "Bearer é"])
def test_a_token_that_is_not_known_names_nobody(header: str) -> None:
    assert user_of(authentication(), header) is None


def test_a_service_account_is_known_by_its_token() -> None:
    assert user_of(authentication(), "Bearer account") is ACCOUNT
