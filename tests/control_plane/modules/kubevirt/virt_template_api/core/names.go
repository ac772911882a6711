// Package core names the API of VM templates, as far as virt-controller and virt-api refer to it.
//
// KubeVirt's exports of VM templates, a feature that is off unless its gate is set, are the only
// user. The module of this name is not served by the Go module proxy.
package core

// The API group and its one resource.
const (
	GroupName            = "template.kubevirt.io"
	SingularResourceName = "virtualmachinetemplate"
	PluralResourceName   = "virtualmachinetemplates"
)
