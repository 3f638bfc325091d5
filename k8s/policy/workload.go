package main

import (
	"slices"
	"strings"
	"time"
)

// shutdown is the longest that the program works on after it stopped waiting:
// 20 s for requests (gateway), 25 s for activities (worker), and a margin.
const shutdown = 30 * time.Second

func yes(b *bool) bool { return b != nil && *b }
func no(b *bool) bool  { return b != nil && !*b }

func (c *checker) checkPod(w object) {
	pod := w.Spec.Template.Spec
	if !no(pod.AutomountServiceAccountToken) {
		c.breach(w, "the pod gets a service account token")
	}
	if !yes(pod.SecurityContext.RunAsNonRoot) {
		c.breach(w, "the pod may run as root")
	}
	if pod.SecurityContext.SeccompProfile.Type != "RuntimeDefault" {
		c.breach(w, "the pod's seccomp profile is not RuntimeDefault")
	}
	if w.runsForever() && len(pod.TopologySpreadConstraints) == 0 {
		c.breach(w, "nothing spreads the pods over nodes")
	}
	if len(pod.Containers) == 0 {
		c.breach(w, "the pod has no container")
	}
}

func (c *checker) checkContainer(w object, k container) {
	security := k.SecurityContext
	if !no(security.AllowPrivilegeEscalation) {
		c.breach(w, "container %s may gain privileges", k.Name)
	}
	if !yes(security.ReadOnlyRootFilesystem) {
		c.breach(w, "container %s may write to its root file system", k.Name)
	}
	if !slices.Equal(security.Capabilities.Drop, []string{"ALL"}) || len(security.Capabilities.Add) > 0 {
		c.breach(w, "container %s keeps capabilities", k.Name)
	}
	for _, what := range []string{"cpu", "memory"} {
		if k.Resources.Requests[what] == nil || k.Resources.Limits[what] == nil {
			c.breach(w, "container %s has no request or no limit for %s", k.Name, what)
		}
	}
	if !pinned(k.Image) {
		c.breach(w, "container %s: the image %q has no fixed tag or digest", k.Name, k.Image)
	}
	if len(k.Args) == 0 || !slices.Contains(c.program.commands, k.Args[0]) {
		c.breach(w, "container %s: the program has no command %q", k.Name, k.Args)
	}
	if w.runsForever() {
		c.checkProbe(w, k, "liveness", k.LivenessProbe, "/health")
		c.checkProbe(w, k, "startup", k.StartupProbe, "/health")
		c.checkProbe(w, k, "readiness", k.ReadinessProbe, "/ready")
		c.checkGrace(w, k)
	}
}

// pinned reports whether an image is named by digest or by a tag that stays.
func pinned(image string) bool {
	if strings.Contains(image, "@sha256:") {
		return true
	}
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return tag != "" && tag != "latest"
}

// checkProbe wants the listener that only the cluster reaches: it goes on
// answering while the public one is full or draining.
func (c *checker) checkProbe(w object, k container, name string, p *probe, path string) {
	switch {
	case p == nil || p.HTTPGet == nil:
		c.breach(w, "container %s has no %s probe over HTTP", k.Name, name)
	case p.HTTPGet.Path != path:
		c.breach(w, "container %s: the %s probe asks %s, not %s", k.Name, name, p.HTTPGet.Path, path)
	case k.port(p.HTTPGet.Port) != c.program.metricsPort:
		c.breach(w, "container %s: the %s probe asks port %s, not %d", k.Name, name, p.HTTPGet.Port, c.program.metricsPort)
	}
}

func (c *checker) checkGrace(w object, k container) {
	var drain time.Duration
	if value := c.settings(k)["FTE_DRAIN_DELAY"]; value != "" {
		var err error
		if drain, err = time.ParseDuration(value); err != nil {
			c.breach(w, "container %s: FTE_DRAIN_DELAY is %q, not a duration", k.Name, value)
		}
	}
	need := time.Duration(k.Lifecycle.PreStop.Sleep.Seconds)*time.Second + drain + shutdown
	if grace := time.Duration(w.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second; grace < need {
		c.breach(w, "container %s needs %s to stop, the grace period is %s", k.Name, need, grace)
	}
}
