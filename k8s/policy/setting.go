package main

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// takes reports whether the program reads a setting of this name, itself or
// through Temporal's SDK or Go's runtime.
func (p program) takes(name string) bool {
	return slices.Contains(p.settings, name) || slices.Contains(p.settings, strings.TrimSuffix(name, "_FILE")) ||
		strings.HasPrefix(name, "TEMPORAL_") || name == "GOMEMLIMIT"
}

// settings returns what a container is told outside of secrets.
func (c *checker) settings(k container) map[string]string {
	all := map[string]string{}
	for _, from := range k.EnvFrom {
		if from.ConfigMapRef != nil {
			maps.Copy(all, c.config[from.ConfigMapRef.Name])
		}
	}
	for _, s := range k.Env {
		all[s.Name] = s.Value
		if s.ValueFrom != nil && s.ValueFrom.ConfigMapKeyRef != nil {
			all[s.Name] = c.config[s.ValueFrom.ConfigMapKeyRef.Name][s.ValueFrom.ConfigMapKeyRef.Key]
		}
	}
	return all
}

func (c *checker) checkSettings(w object, k container) {
	for _, from := range k.EnvFrom {
		if from.SecretRef != nil {
			c.breach(w, "container %s takes all of secret %s into its environment", k.Name, from.SecretRef.Name)
		}
		if from.ConfigMapRef != nil && c.config[from.ConfigMapRef.Name] == nil {
			c.breach(w, "container %s: there is no ConfigMap %s", k.Name, from.ConfigMapRef.Name)
		}
	}
	for _, s := range k.Env {
		if s.ValueFrom == nil {
			continue
		}
		if ref := s.ValueFrom.ConfigMapKeyRef; ref != nil && c.config[ref.Name][ref.Key] == "" {
			c.breach(w, "container %s: %s comes from %s in ConfigMap %s, which is empty or missing", k.Name, s.Name, ref.Key, ref.Name)
		}
		if ref := s.ValueFrom.SecretKeyRef; ref != nil {
			c.checkSecretKey(w, *ref)
		}
	}
	files := c.secretFiles(w, k)
	for name, value := range c.settings(k) {
		if !c.program.takes(name) {
			c.breach(w, "container %s: the program has no setting %s", k.Name, name)
		}
		if strings.HasSuffix(name, "_FILE") && !slices.Contains(files, value) {
			c.breach(w, "container %s: %s is %s, which no secret provides", k.Name, name, value)
		}
	}
}

func (c *checker) checkSecretKey(w object, ref reference) {
	keys, known := c.secrets[ref.Name]
	_, has := keys[ref.Key]
	if !known || !has && !ref.Optional {
		c.breach(w, "key %s of secret %s is not documented", ref.Key, ref.Name)
	}
}

// secretFiles returns the paths of all files that a container has from secrets.
func (c *checker) secretFiles(w object, k container) []string {
	var files []string
	for _, m := range k.VolumeMounts {
		for _, v := range w.Spec.Template.Spec.Volumes {
			if v.Name != m.Name || v.Secret == nil {
				continue
			}
			if _, known := c.secrets[v.Secret.SecretName]; !known {
				c.breach(w, "secret %s is not documented", v.Secret.SecretName)
			}
			for _, item := range v.Secret.Items {
				c.checkSecretKey(w, reference{Name: v.Secret.SecretName, Key: item.Key})
				files = append(files, path.Join(m.MountPath, item.Path))
			}
			if len(v.Secret.Items) == 0 {
				for key := range c.secrets[v.Secret.SecretName] {
					files = append(files, path.Join(m.MountPath, key))
				}
			}
		}
	}
	return files
}
