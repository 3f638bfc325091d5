package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/sound.json")
	require.NoError(t, err)
	sound := string(body)

	for name, tt := range map[string]struct{ old, new, want string }{
		"sound":                   {"", "", ""},
		"root":                    {`"runAsNonRoot": true`, `"runAsNonRoot": false`, "may run as root"},
		"token":                   {`"automountServiceAccountToken": false,`, ``, "service account token"},
		"seccomp":                 {`RuntimeDefault`, `Unconfined`, "seccomp"},
		"privileges":              {`"allowPrivilegeEscalation": false`, `"allowPrivilegeEscalation": true`, "gain privileges"},
		"root file system":        {`"readOnlyRootFilesystem": true, `, ``, "root file system"},
		"capabilities":            {`"drop": ["ALL"]`, `"drop": ["NET_RAW"]`, "keeps capabilities"},
		"added capability":        {`"drop": ["ALL"]`, `"drop": ["ALL"], "add": ["NET_ADMIN"]`, "keeps capabilities"},
		"no memory limit":         {`"limits": {"cpu": 1, "memory": "1Gi"}`, `"limits": {"cpu": 1}`, "no limit for memory"},
		"latest":                  {`fte:0.1.0`, `fte:latest`, "no fixed tag"},
		"no tag behind a port":    {`5000/fte:0.1.0`, `5000/fte`, "no fixed tag"},
		"digest":                  {`fte:0.1.0`, `fte@sha256:0123`, ""},
		"unknown command":         {`"args": ["gateway"]`, `"args": ["serve"]`, "no command"},
		"no readiness":            {`"readinessProbe"`, `"unknown"`, "no readiness probe"},
		"wrong path":              {`"/ready"`, `"/readyz"`, "asks /readyz"},
		"public port probed":      {`"/ready", "port": "metrics"`, `"/ready", "port": "http"`, "not 9090"},
		"grace too short":         {`Seconds": 60`, `Seconds": 30`, "needs 45s to stop"},
		"drain delay unreadable":  {`"10s"`, `"10"`, "not a duration"},
		"not spread":              {`"topologySpreadConstraints"`, `"unknown"`, "spreads"},
		"unknown setting":         {`"FTE_DRAIN_DELAY"`, `"FTE_DRAIN"`, "no setting FTE_DRAIN"},
		"file no secret provides": {`"/etc/fte/keys/FTE_SECRET_KEY"`, `"/etc/fte/FTE_SECRET_KEY"`, "no secret provides"},
		"unknown secret":          {`"secretName": "api-keys"`, `"secretName": "keys"`, "not documented"},
		"unknown key":             {`"key": "FTE_SECRET_KEY"`, `"key": "SECRET_KEY"`, "key SECRET_KEY of secret api-keys"},
		"unknown ConfigMap":       {`"configMapRef": {"name": "app-config"}`, `"configMapRef": {"name": "config"}`, "no ConfigMap config"},
		"secret as environment":   {`{"configMapRef": {"name": "app-config"}}`, `{"secretRef": {"name": "api-keys"}}`, "all of secret api-keys"},
		"no budget":               {`{"budget": "api"}`, `{"budget": "worker"}`, "no PodDisruptionBudget"},
		"no default deny":         {`"podSelector": {}`, `"podSelector": {"matchLabels": {"app": "api"}}`, "closes the namespace"},
		"open egress":             {`["Ingress", "Egress"]`, `["Ingress"]`, "closes the namespace"},
		"service to metrics":      {`"targetPort": "http"`, `"targetPort": "metrics"`, "not the public port"},
		"service to nothing":      {`"selector": {"app": "api"}`, `"selector": {"app": "web"}`, "no workload"},
		"ingress without TLS":     {`"tls"`, `"unknown"`, "has no TLS"},
		"ingress to nothing":      {`"port": {"name": "http"}`, `"port": {"name": "https"}`, "no service api"},
		"secret shipped":          {`"kind": "ConfigMap"`, `"kind": "Secret"`, "ship none"},
		"no workload":             {`"kind": "Deployment"`, `"kind": "Pod"`, "no workload to check"},
		"not JSON":                {`[`, ``, "reading the manifests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, sound, tt.old)
			err := run(strings.NewReader(strings.Replace(sound, tt.old, tt.new, 1)), "../../cmd/fte", "testdata/secrets.json")
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestReadProgram(t *testing.T) {
	t.Parallel()

	t.Run("the service", func(t *testing.T) {
		t.Parallel()
		p, err := readProgram("../../cmd/fte")
		require.NoError(t, err)
		require.Subset(t, p.commands, []string{"gateway", "worker", "migrate"})
		require.True(t, p.takes("DATABASE_URL"))
		require.True(t, p.takes("DATABASE_URL_FILE"))
		require.False(t, p.takes("DATABASE"))
		require.Equal(t, 8080, p.publicPort)
		require.Equal(t, 9090, p.metricsPort)
	})

	t.Run("a folder without settings", func(t *testing.T) {
		t.Parallel()
		_, err := readProgram(t.TempDir())
		require.ErrorContains(t, err, "does not show its settings")
	})
}
