"""The program that prints a source tree's manifests."""

from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.plane.sources.generators import generator_of, go_program

COMPONENTS = """
func NewVirtualMachineCrd() (*extv1.CustomResourceDefinition, error) {
func NewKubeVirtCrd() (*extv1.CustomResourceDefinition, error) {
func patchCrd() (*extv1.CustomResourceDefinition, error) {
func NewVirtAPIMutatingWebhookConfiguration(installNamespace string) *x {
func NewVirtAPIValidatingWebhookConfiguration(installNamespace string) *x {
func NewKubeVirtPriorityClassCR() *x {
"""
RBAC = """
func GetAllCluster() []runtime.Object {
func GetAllApiServer(namespace string) []runtime.Object {
func GetAllController(namespace string, includeNADRules bool) []runtime.Object {
func GetAllHandler(a, b string) []runtime.Object {
"""


def test_what_is_called_and_how_is_read_from_the_tree() -> None:
    program = go_program([COMPONENTS], [RBAC])

    assert "components.NewVirtualMachineCrd,\n\t\tcomponents.NewKubeVirtCrd," in program
    assert "patchCrd" not in program
    assert "range rbac.GetAllCluster() {" in program
    assert "range rbac.GetAllController(namespace, false) {" in program
    assert "range rbac.GetAllHandler(namespace, namespace) {" in program
    assert "components.NewVirtAPIMutatingWebhookConfiguration(namespace))" in program


def test_every_function_that_a_tree_lacks_is_named() -> None:
    with pytest.raises(ScenarioError) as failure:
        go_program([COMPONENTS.replace("NewKubeVirtPriorityClassCR", "Other")], [])

    message = failure.value.message
    assert "5 problems" in message
    for name in ("GetAllCluster", "GetAllHandler", "NewKubeVirtPriorityClassCR"):
        assert f"no function {name}" in message


def test_a_parameter_of_another_type_is_refused() -> None:
    with pytest.raises(ScenarioError, match="a parameter of int"):
        go_program([COMPONENTS], [RBAC.replace("includeNADRules bool", "count int")])


def test_tests_of_the_tree_are_not_read(tmp_path: Path) -> None:
    for folder, text in (("components", COMPONENTS), ("rbac", RBAC)):
        place = tmp_path / "pkg/virt-operator/resource/generate" / folder
        place.mkdir(parents=True)
        (place / "all.go").write_text(text)
        (place / "all_test.go").write_text(text.replace("NewVirtualMachineCrd", "NewTestCrd"))

    assert "NewTestCrd" not in generator_of(tmp_path)
