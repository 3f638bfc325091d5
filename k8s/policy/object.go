package main

import (
	"encoding/json"
	"fmt"
	"slices"
)

// object is any Kubernetes object, as far as a rule looks at it.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Data       map[string]string `json:"data"`
	StringData map[string]string `json:"stringData"`
	Spec       spec              `json:"spec"`
}

// spec joins the fields of every kind that a rule looks at.
type spec struct {
	Replicas    *int            `json:"replicas"`
	Template    podTemplate     `json:"template"`
	Selector    json.RawMessage `json:"selector"`
	PodSelector *labelSelector  `json:"podSelector"`
	PolicyTypes []string        `json:"policyTypes"`
	Ports       []servicePort   `json:"ports"`
	TLS         []struct {
		Hosts []string `json:"hosts"`
	} `json:"tls"`
	Rules []struct {
		Host string `json:"host"`
		HTTP struct {
			Paths []struct {
				Backend struct {
					Service struct {
						Name string `json:"name"`
						Port struct {
							Name   string `json:"name"`
							Number int    `json:"number"`
						} `json:"port"`
					} `json:"service"`
				} `json:"backend"`
			} `json:"paths"`
		} `json:"http"`
	} `json:"rules"`
}

type labelSelector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []json.RawMessage `json:"matchExpressions"`
}

type servicePort struct {
	Name       string          `json:"name"`
	Port       int             `json:"port"`
	TargetPort json.RawMessage `json:"targetPort"`
}

type podTemplate struct {
	Metadata struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec podSpec `json:"spec"`
}

type podSpec struct {
	AutomountServiceAccountToken  *bool           `json:"automountServiceAccountToken"`
	TerminationGracePeriodSeconds int             `json:"terminationGracePeriodSeconds"`
	SecurityContext               securityContext `json:"securityContext"`
	TopologySpreadConstraints     []struct {
		TopologyKey string `json:"topologyKey"`
	} `json:"topologySpreadConstraints"`
	InitContainers []container `json:"initContainers"`
	Containers     []container `json:"containers"`
	Volumes        []volume    `json:"volumes"`
}

func (p podSpec) containers() []container { return slices.Concat(p.InitContainers, p.Containers) }

type securityContext struct {
	RunAsNonRoot             *bool `json:"runAsNonRoot"`
	ReadOnlyRootFilesystem   *bool `json:"readOnlyRootFilesystem"`
	AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
	SeccompProfile           struct {
		Type string `json:"type"`
	} `json:"seccompProfile"`
	Capabilities struct {
		Drop []string `json:"drop"`
		Add  []string `json:"add"`
	} `json:"capabilities"`
}

type container struct {
	Name    string   `json:"name"`
	Image   string   `json:"image"`
	Args    []string `json:"args"`
	EnvFrom []struct {
		ConfigMapRef *reference `json:"configMapRef"`
		SecretRef    *reference `json:"secretRef"`
	} `json:"envFrom"`
	Env   []setting `json:"env"`
	Ports []struct {
		Name          string `json:"name"`
		ContainerPort int    `json:"containerPort"`
	} `json:"ports"`
	StartupProbe   *probe `json:"startupProbe"`
	LivenessProbe  *probe `json:"livenessProbe"`
	ReadinessProbe *probe `json:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct {
			Sleep struct {
				Seconds int `json:"seconds"`
			} `json:"sleep"`
		} `json:"preStop"`
	} `json:"lifecycle"`
	Resources struct {
		Requests map[string]any `json:"requests"`
		Limits   map[string]any `json:"limits"`
	} `json:"resources"`
	SecurityContext securityContext `json:"securityContext"`
	VolumeMounts    []struct {
		Name      string `json:"name"`
		MountPath string `json:"mountPath"`
	} `json:"volumeMounts"`
}

type reference struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Optional bool   `json:"optional"`
}

type setting struct {
	Name      string `json:"name"`
	Value     string `json:"value"`
	ValueFrom *struct {
		ConfigMapKeyRef *reference `json:"configMapKeyRef"`
		SecretKeyRef    *reference `json:"secretKeyRef"`
	} `json:"valueFrom"`
}

type probe struct {
	HTTPGet *struct {
		Path string          `json:"path"`
		Port json.RawMessage `json:"port"`
	} `json:"httpGet"`
}

type volume struct {
	Name   string `json:"name"`
	Secret *struct {
		SecretName string `json:"secretName"`
		Items      []struct {
			Key  string `json:"key"`
			Path string `json:"path"`
		} `json:"items"`
	} `json:"secret"`
}

func (o object) isWorkload() bool { return o.runsForever() || o.Kind == "Job" }

func (o object) runsForever() bool {
	return slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, o.Kind)
}

// port returns the number of the port that ref names, by name or number; zero
// if the container does not open it.
func (c container) port(ref json.RawMessage) int {
	for _, p := range c.Ports {
		if string(ref) == fmt.Sprintf("%q", p.Name) || string(ref) == fmt.Sprint(p.ContainerPort) {
			return p.ContainerPort
		}
	}
	return 0
}

// selects reports whether a selector picks pods with these labels. An empty
// one picks nothing here: no rule wants that.
func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}
