"""A collection, page by page.

Invariant: every page is asked for with the continue token of the one before; a token that has
expired is raised as the ResourceExpired that it is, never skipped.
"""

from collections.abc import AsyncIterator
from typing import Final

from virtslo.base.errors import ClusterError
from virtslo.base.limits import LIST_PAGES
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import EVERYTHING, KubeApi, ObjectList, Selection

PAGE_SIZE: Final = 500
"""Objects per page, as client-go's reflectors ask for."""


async def pages(
    api: KubeApi, resource: Resource, selection: Selection = EVERYTHING
) -> AsyncIterator[ObjectList]:
    """The pages of what is selected of a collection; at least one."""
    token: str | None = None
    for _ in range(LIST_PAGES.most):
        page = await api.list_objects(resource, selection, limit=PAGE_SIZE, continue_token=token)
        yield page
        if not page.continue_token:
            return
        if page.continue_token == token:
            raise ClusterError(f"the list of {resource.plural} goes on with the same token")
        token = page.continue_token
    raise ClusterError(f"the list of {resource.plural} has more than {LIST_PAGES.amount}")


async def list_all(
    api: KubeApi, resource: Resource, selection: Selection = EVERYTHING
) -> tuple[Object, ...]:
    """Everything that is selected of a collection."""
    return tuple([item async for page in pages(api, resource, selection) for item in page.items])
