"""The ConfigMap that a checkup reads its request from and writes its status into.

Invariant: keys that are not the checkup's own are left as they are, whatever others write
meanwhile; nothing is written before the request was read.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.base.errors import ClusterError, Conflict
from virtslo.client.answers import mapping_of
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.ports.kube_api import KubeApi

ATTEMPTS: Final = 5


class CheckupMap:
    """One ConfigMap of a namespace."""

    def __init__(self, api: KubeApi, namespace: str, name: str) -> None:
        self._api = api
        self.namespace = namespace
        self.name = name

    def __str__(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}"

    async def read(self) -> Mapping[str, str]:
        """Its data. Raises ClusterError."""
        found = await self._api.get(CONFIG_MAPS, self.name, namespace=self.namespace)
        return {key: str(value) for key, value in mapping_of(found, "data").items()}

    async def write(self, status: Mapping[str, str]) -> None:
        """Put these keys into it; where another wrote meanwhile, again. Raises ClusterError."""
        for _ in range(ATTEMPTS):
            found = await self._api.get(CONFIG_MAPS, self.name, namespace=self.namespace)
            changed = {**found, "data": {**mapping_of(found, "data"), **status}}
            try:
                await self._api.update(CONFIG_MAPS, changed)
            except Conflict:
                continue
            return
        raise ClusterError(f"{self}: others wrote it {ATTEMPTS} times while it was being written")
