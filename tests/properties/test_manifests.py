"""Laws of manifests: reading by parts is reading, and labels are only added."""

import copy
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.yaml_reader import YamlProblem, parse_yaml
from virtslo.config.manifests.reader import ManifestReader
from virtslo.load.manifests import Placement, prepare_manifest
from virtslo.model.plan.workload import TRAITS, Kind

KEYS = st.text("abcXYZ-_.", min_size=1, max_size=6).filter(lambda key: key[0].isalpha())
SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=5)
LABELS = st.dictionaries(KEYS, st.text("abc", max_size=3), max_size=4)


@given(DOCUMENTS, st.booleans())
def test_parsing_is_the_inverse_of_writing(document: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(document, default_flow_style=flow)

    assert parse_yaml(text) == document
    assert ManifestReader().read(text) == document


@given(st.text("ab:- \n'\"[]{}&*|>#?!,1", max_size=40))
def test_reading_by_parts_never_differs_from_reading_the_whole(text: str) -> None:
    try:
        whole = parse_yaml(text)
    except YamlProblem:
        whole = YamlProblem
    try:
        parts = ManifestReader().read(text)
    except YamlProblem:
        parts = YamlProblem

    assert parts == whole


@given(st.sampled_from(Kind), st.lists(LABELS, min_size=3, max_size=3), DOCUMENTS)
def test_labels_never_lose_the_objects_own(
    kind: Kind, labels: list[dict[str, str]], spec: dict[str, Any]
) -> None:
    paths = TRAITS[kind].template_paths
    manifest: dict[str, Any] = {"metadata": {}, "spec": dict(spec)}
    for path, own in zip(paths, labels, strict=False):
        below = manifest
        for key in path:
            below = below.setdefault(key, {})
        below["labels"] = own
    before = copy.deepcopy(manifest)

    prepared = prepare_manifest(manifest, kind, Placement("r", 1, "n", "ns", replicas=2))

    assert manifest == before
    for path, own in zip(paths, labels, strict=False):
        below = dict(prepared)
        for key in path:
            below = below[key]
        assert own.items() <= below["labels"].items()
        assert below["labels"]["virtslo.io/run"] == "r"
