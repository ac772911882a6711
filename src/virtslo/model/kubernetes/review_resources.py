"""Resources that are questions: created, answered in the same breath, and never stored.

Invariant: none of them can be listed, watched or got.
"""

from typing import Final

from virtslo.model.kubernetes.resources import Resource

AUTHORIZATION: Final = "authorization.k8s.io"
AUTHENTICATION: Final = "authentication.k8s.io"


def _review(group: str, kind: str, *, namespaced: bool = False) -> Resource:
    singular = kind.lower()
    return Resource(group, "v1", f"{singular}s", kind, namespaced, singular)


SELF_SUBJECT_REVIEWS: Final = _review(AUTHENTICATION, "SelfSubjectReview")
TOKEN_REVIEWS: Final = _review(AUTHENTICATION, "TokenReview")
LOCAL_SUBJECT_ACCESS_REVIEWS: Final = _review(
    AUTHORIZATION, "LocalSubjectAccessReview", namespaced=True
)
SELF_SUBJECT_ACCESS_REVIEWS: Final = _review(AUTHORIZATION, "SelfSubjectAccessReview")
SELF_SUBJECT_RULES_REVIEWS: Final = _review(AUTHORIZATION, "SelfSubjectRulesReview")
SUBJECT_ACCESS_REVIEWS: Final = _review(AUTHORIZATION, "SubjectAccessReview")

REVIEWS: Final = (
    SELF_SUBJECT_REVIEWS,
    TOKEN_REVIEWS,
    LOCAL_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_RULES_REVIEWS,
    SUBJECT_ACCESS_REVIEWS,
)
TOKEN_REQUESTS: Final = _review(AUTHENTICATION, "TokenRequest", namespaced=True)
"""The body of `serviceaccounts/token`; not a resource of its own."""
