// Package virttemplate reaches VM templates, for the one informer of virt-controller that does.
package virttemplate

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// Clientset reaches the API group of VM templates.
type Clientset struct{ v1beta1 Client }

// Client reaches one version of it.
type Client struct{ rest rest.Interface }

// NewForConfig makes a client set.
func NewForConfig(config *rest.Config) (*Clientset, error) {
	own := rest.CopyConfig(config)
	own.GroupVersion = &schema.GroupVersion{Group: "template.kubevirt.io", Version: "v1beta1"}
	own.APIPath = "/apis"
	own.NegotiatedSerializer = serializer.NewCodecFactory(scheme.Scheme).WithoutConversion()
	client, err := rest.RESTClientFor(own)
	if err != nil {
		return nil, err
	}
	return &Clientset{Client{client}}, nil
}

// TemplateV1beta1 is the client of version v1beta1.
func (c *Clientset) TemplateV1beta1() Client { return c.v1beta1 }

// RESTClient is the client beneath.
func (c Client) RESTClient() rest.Interface { return c.rest }
