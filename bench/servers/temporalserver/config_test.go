package temporalserver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigStaysOnLoopback(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := choosePorts()
	require.NoError(t, err)
	file, err := writeConfig(dir, Options{Shards: 8, DynamicConfig: map[string]any{"matching.enableFairness": true}},
		&postgres{port: 1, password: "secret"}, p)
	require.NoError(t, err)
	data, err := os.ReadFile(file)
	require.NoError(t, err)

	for _, address := range regexp.MustCompile(`[\w.]+:\d{2,}`).FindAllString(string(data), -1) {
		require.Regexp(t, `^127\.0\.0\.1:`, address)
	}
	var config struct {
		Persistence struct {
			NumHistoryShards int `json:"numHistoryShards"`
		} `json:"persistence"`
		Services map[string]struct {
			RPC struct {
				GRPCPort        int  `json:"grpcPort"`
				MembershipPort  int  `json:"membershipPort"`
				BindOnLocalHost bool `json:"bindOnLocalHost"`
			} `json:"rpc"`
		} `json:"services"`
	}
	require.NoError(t, json.Unmarshal(data, &config))
	require.Equal(t, 8, config.Persistence.NumHistoryShards)
	require.Len(t, config.Services, 4)
	ports := map[int]bool{}
	for name, service := range config.Services {
		require.True(t, service.RPC.BindOnLocalHost, name)
		ports[service.RPC.GRPCPort], ports[service.RPC.MembershipPort] = true, true
	}
	require.Len(t, ports, 8, "two services share a port")

	dynamic, err := os.ReadFile(filepath.Join(dir, "dynamic.yaml"))
	require.NoError(t, err)
	require.JSONEq(t, `{"frontend.enableServerVersionCheck":[{"value":false}],"matching.enableFairness":[{"value":true}]}`, string(dynamic))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds the password")
}
