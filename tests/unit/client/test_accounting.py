"""What a client's calls are counted and timed under, and when they are not made at all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.scripted_transport import ScriptedTransport, list_object
from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import ConnectionLost, NotFound
from virtslo.client.accounting import NO_ANSWER, AccountedTransport, CallAccount
from virtslo.client.token_bucket import TokenBucket
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.calls import TimedCall
from virtslo.model.kubernetes.resources import PODS, VMIS
from virtslo.ports.kube_api import Call, KubeApi, PatchType, Selection, WatchEvent

HERE = Selection(namespace="here")
BODY = {"metadata": {"name": "one", "namespace": "here", "resourceVersion": "1"}}


async def _list_or_body(call: Call) -> Object:
    return list_object() if call.verb == "list" else BODY


async def _no_events(_: Call) -> AsyncIterator[WatchEvent]:
    async def none() -> AsyncIterator[WatchEvent]:
        return
        yield

    return none()


async def _metrics(_: str) -> bytes:
    return b""


async def test_every_call_is_counted_by_verb_resource_subresource_and_code(clock: Clock) -> None:
    account = CallAccount()
    script = ScriptedTransport(_list_or_body, events=_no_events, raw=_metrics)
    api = KubeApi(AccountedTransport(script, clock, account))
    await api.create(VMIS, BODY)
    await api.create(PODS, {}, namespace="here", name="one", subresource="binding")
    await api.get(VMIS, "one", namespace="here")
    await api.update(VMIS, BODY, subresource="status")
    await api.patch(VMIS, "one", {}, patch_type=PatchType.MERGE, namespace="here")
    await api.delete(VMIS, "one", namespace="here")
    await api.delete_objects(VMIS, HERE)
    await api.list_objects(VMIS, HERE)
    async with api.watch(VMIS, HERE):
        pass
    await api.read_raw("/metrics")
    await api.read_raw("/api/v1/namespaces/kubevirt/pods/https:a:8443/proxy/metrics")

    vmis = "virtualmachineinstances"
    assert account.requests == {
        ("CREATE", vmis, "", "201"): 1,
        ("CREATE", "pods", "binding", "201"): 1,
        ("GET", vmis, "", "200"): 1,
        ("UPDATE", vmis, "status", "200"): 1,
        ("PATCH", vmis, "", "200"): 1,
        ("DELETE", vmis, "", "200"): 2,
        ("LIST", vmis, "", "200"): 1,
        ("WATCH", vmis, "", "200"): 1,
        ("GET", "metrics", "", "200"): 1,
        ("GET", "pods", "proxy", "200"): 1,
    }
    assert account.calls == 11
    assert account.calls_by_verb()["DELETE"] == 2
    assert account.calls_by_verb_and_resource()[f"DELETE {vmis}"] == 2


async def test_a_failure_is_counted_by_its_code_and_one_without_an_answer_apart(
    clock: Clock,
) -> None:
    errors = [NotFound("gone"), ConnectionLost("reset"), asyncio.CancelledError()]

    async def fail(_: Call) -> Object:
        raise errors.pop(0)

    account = CallAccount()
    api = KubeApi(AccountedTransport(ScriptedTransport(fail), clock, account))
    for error in (NotFound, ConnectionLost, asyncio.CancelledError):
        with pytest.raises(error):
            await api.get(PODS, "one", namespace="here")
    requests = account.requests

    assert requests == {("GET", "pods", "", "404"): 1, ("GET", "pods", "", NO_ANSWER): 1}


async def test_an_answer_is_reported_with_its_scope_and_its_time(clock: Clock) -> None:
    answered: list[tuple[TimedCall, int]] = []

    async def slow(call: Call) -> Object:
        await clock.sleep_until(clock.now_ns() + to_nanoseconds(0.5))
        return await _list_or_body(call)

    account = CallAccount()
    account.on_answer = lambda call, spent_ns: answered.append((call, spent_ns))
    api = KubeApi(AccountedTransport(ScriptedTransport(slow), clock, account))
    await api.get(PODS, "one", namespace="here")
    await api.list_objects(PODS, HERE)
    await api.list_objects(PODS)

    half = to_nanoseconds(0.5)
    assert answered == [
        (TimedCall("GET", "pods", "resource"), half),
        (TimedCall("LIST", "pods", "namespace"), half),
        (TimedCall("LIST", "pods", "cluster"), half),
    ]


async def test_time_in_the_bucket_is_kept_apart_and_buckets_of_one_account_are_counted_together(
    clock: Clock,
) -> None:
    account = CallAccount()
    script = ScriptedTransport(_list_or_body)
    slow = TokenBucket(clock, qps=1, burst=1)
    api = KubeApi(AccountedTransport(script, clock, account, bucket=slow))
    other = KubeApi(AccountedTransport(script, clock, account))
    await api.get(PODS, "one", namespace="here")
    await api.get(PODS, "one", namespace="here")
    await other.get(PODS, "one", namespace="here")
    ((path, answered),) = account.answered.items()

    assert path == ("GET", "/api/v1/namespaces/%7Bnamespace%7D/pods/%7Bname%7D")
    assert account.calls == answered.count == 3
    assert answered.total == 0
    assert account.waited[path].total == pytest.approx(1.0)


async def test_a_call_that_is_given_up_in_the_bucket_is_never_made(clock: Clock) -> None:
    account = CallAccount()
    script = ScriptedTransport(_list_or_body)
    bucket = TokenBucket(clock, qps=0.1, burst=1)
    api = KubeApi(AccountedTransport(script, clock, account, bucket=bucket))
    await api.get(PODS, "one", namespace="here")
    waiting = asyncio.ensure_future(api.get(PODS, "two", namespace="here"))
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait([waiting])

    assert (len(script.calls), account.calls) == (1, 1)
