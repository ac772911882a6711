"""Labels that a write of a status brings along are checked as those of any other write."""

import pytest

from support.bodies import pod
from support.clusters import in_process
from virtslo.base.clock import Clock
from virtslo.base.errors import Invalid
from virtslo.model.kubernetes.resources import PODS
from virtslo.ports.kube_api import PatchType


async def test_a_status_write_with_a_bad_label_is_refused(clock: Clock) -> None:
    async with in_process(clock) as cluster:
        await cluster.api.create(PODS, pod("one"))
        patch = {"metadata": {"labels": {"a": "not valid!"}}, "status": {"message": "m"}}

        with pytest.raises(Invalid, match=r"metadata\.labels"):
            await cluster.api.patch(
                PODS,
                "one",
                patch,
                patch_type=PatchType.MERGE,
                namespace="default",
                subresource="status",
            )
        found = await cluster.api.get(PODS, "one", namespace="default")

    assert "labels" not in found["metadata"]
    assert "message" not in found["status"]
