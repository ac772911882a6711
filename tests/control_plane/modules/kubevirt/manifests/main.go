// Command manifests prints what virt-operator would install of KubeVirt, as one JSON list:
// definitions of its resources, roles, service accounts and webhooks.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/rbac"
)

var definitions = []func() (*extv1.CustomResourceDefinition, error){
	components.NewVirtualMachineInstanceCrd,
	components.NewVirtualMachineCrd,
	components.NewPresetCrd,
	components.NewReplicaSetCrd,
	components.NewVirtualMachineInstanceMigrationCrd,
	components.NewKubeVirtCrd,
	components.NewVirtualMachinePoolCrd,
	components.NewVirtualMachineSnapshotCrd,
	components.NewVirtualMachineSnapshotContentCrd,
	components.NewVirtualMachineRestoreCrd,
	components.NewVirtualMachineExportCrd,
	components.NewVirtualMachineBackupCrd,
	components.NewVirtualMachineBackupTrackerCrd,
	components.NewVirtualMachineInstancetypeCrd,
	components.NewVirtualMachineClusterInstancetypeCrd,
	components.NewVirtualMachinePreferenceCrd,
	components.NewVirtualMachineClusterPreferenceCrd,
	components.NewMigrationPolicyCrd,
	components.NewVirtualMachineCloneCrd,
	components.NewPluginCrd,
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: manifests NAMESPACE"))
	}
	namespace := os.Args[1]
	var items []any
	for _, make := range definitions {
		definition, err := make()
		if err != nil {
			fail(err)
		}
		items = append(items, definition)
	}
	for _, object := range rbac.GetAllCluster() {
		items = append(items, object)
	}
	for _, object := range rbac.GetAllApiServer(namespace) {
		items = append(items, object)
	}
	for _, object := range rbac.GetAllController(namespace, false) {
		items = append(items, object)
	}
	for _, object := range rbac.GetAllHandler(namespace) {
		items = append(items, object)
	}
	items = append(items,
		components.NewVirtAPIMutatingWebhookConfiguration(namespace),
		components.NewVirtAPIValidatingWebhookConfiguration(namespace),
		components.NewKubeVirtPriorityClassCR(),
	)
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "manifests:", err)
	os.Exit(1)
}
