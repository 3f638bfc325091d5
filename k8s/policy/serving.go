package main

import (
	"encoding/json"
	"slices"
)

// checkServing checks that what stands in front of the workloads fits them.
func (c *checker) checkServing(objects []object) {
	var denied bool
	for _, o := range objects {
		switch o.Kind {
		case "Service":
			c.checkService(o)
		case "Ingress":
			c.checkIngress(o, objects)
		case "NetworkPolicy":
			all := o.Spec.PodSelector != nil && len(o.Spec.PodSelector.MatchLabels) == 0 && len(o.Spec.PodSelector.MatchExpressions) == 0
			denied = denied || all && slices.Contains(o.Spec.PolicyTypes, "Ingress") && slices.Contains(o.Spec.PolicyTypes, "Egress")
		}
	}
	for _, w := range c.workloads {
		if !denied {
			c.breach(w, "no network policy closes the namespace in both directions")
		}
		if w.Kind == "Deployment" && !c.hasBudget(w, objects) {
			c.breach(w, "no PodDisruptionBudget covers the pods")
		}
	}
}

func (c *checker) hasBudget(w object, objects []object) bool {
	return slices.ContainsFunc(objects, func(o object) bool {
		if o.Kind != "PodDisruptionBudget" {
			return false
		}
		var s labelSelector
		return json.Unmarshal(o.Spec.Selector, &s) == nil && selects(s.MatchLabels, w.Spec.Template.Metadata.Labels)
	})
}

func (c *checker) checkService(o object) {
	var selector map[string]string
	if err := json.Unmarshal(o.Spec.Selector, &selector); err != nil {
		c.breach(o, "the selector cannot be read: %v", err)
		return
	}
	var found bool
	for _, w := range c.workloads {
		if !selects(selector, w.Spec.Template.Metadata.Labels) {
			continue
		}
		found = true
		for _, p := range o.Spec.Ports {
			opens := func(k container) bool { return k.port(p.TargetPort) == c.program.publicPort }
			if !slices.ContainsFunc(w.Spec.Template.Spec.Containers, opens) {
				c.breach(o, "port %d leads to %s, which is not the public port of %s", p.Port, p.TargetPort, w.Metadata.Name)
			}
		}
	}
	if !found {
		c.breach(o, "no workload has the labels it selects")
	}
}

func (c *checker) checkIngress(o object, objects []object) {
	var secured []string
	for _, t := range o.Spec.TLS {
		secured = append(secured, t.Hosts...)
	}
	for _, rule := range o.Spec.Rules {
		if !slices.Contains(secured, rule.Host) {
			c.breach(o, "host %q has no TLS", rule.Host)
		}
		for _, p := range rule.HTTP.Paths {
			backend := p.Backend.Service
			if !slices.ContainsFunc(objects, func(s object) bool {
				return s.Kind == "Service" && s.Metadata.Name == backend.Name &&
					slices.ContainsFunc(s.Spec.Ports, func(q servicePort) bool {
						return q.Port == backend.Port.Number || backend.Port.Name != "" && q.Name == backend.Port.Name
					})
			}) {
				c.breach(o, "there is no service %s with that port", backend.Name)
			}
		}
	}
}
