package temporalserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"github.com/digital-fte/fte/dev/part"
)

// object is a part of a settings file. The server reads YAML, and JSON is YAML.
type object map[string]any

// services are the parts of the server, all in one process.
func services() []string { return []string{"frontend", "history", "matching", "worker"} }

// ports are the server's, all on 127.0.0.1.
type ports struct {
	rpc, membership map[string]int // by service
	http, metrics   int
}

func choosePorts() (p ports, err error) {
	p.rpc, p.membership = map[string]int{}, map[string]int{}
	for _, service := range services() {
		if p.rpc[service], err = part.FreePort(); err != nil {
			return p, err
		}
		if p.membership[service], err = part.FreePort(); err != nil {
			return p, err
		}
	}
	if p.http, err = part.FreePort(); err != nil {
		return p, err
	}
	p.metrics, err = part.FreePort()
	return p, err
}

// writeConfig writes the server's settings below dir and returns the file. The
// keys are those of config/development-postgres12.yaml in the server's module.
func writeConfig(dir string, o Options, db *postgres, p ports) (string, error) {
	dynamic := filepath.Join(dir, "dynamic.yaml")
	settings := object{}
	for name, value := range withDefaults(o.DynamicConfig) {
		settings[name] = []object{{"value": value}}
	}
	if err := writeObject(dynamic, settings); err != nil {
		return "", err
	}
	store := func(database string, conns int) object {
		return object{"sql": object{
			"pluginName": "postgres12", "databaseName": database, "connectAddr": "127.0.0.1:" + strconv.Itoa(db.port),
			"connectProtocol": "tcp", "user": databaseUser, "password": db.password,
			"maxConns": conns, "maxIdleConns": conns, "maxConnLifetime": "1h",
		}}
	}
	parts := object{}
	for _, service := range services() {
		parts[service] = object{"rpc": object{
			"grpcPort": p.rpc[service], "membershipPort": p.membership[service], "bindOnLocalHost": true,
		}}
	}
	parts["frontend"].(object)["rpc"].(object)["httpPort"] = p.http
	file := filepath.Join(dir, "server.yaml")
	return file, writeObject(file, object{
		"log": object{"stdout": true, "level": "warn"},
		"persistence": object{
			"defaultStore": "default", "visibilityStore": "visibility", "numHistoryShards": o.Shards,
			"datastores": object{"default": store(databaseDefault, 40), "visibility": store(databaseVisibility, 10)},
		},
		"global": object{
			"membership": object{"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"},
			"metrics": object{"prometheus": object{
				"framework": "tally", "timerType": "histogram", "listenAddress": "127.0.0.1:" + strconv.Itoa(p.metrics),
			}},
		},
		"services": parts,
		"clusterMetadata": object{
			"enableGlobalNamespace": false, "failoverVersionIncrement": 10, "masterClusterName": "active", "currentClusterName": "active",
			"clusterInformation": object{"active": object{
				"enabled": true, "initialFailoverVersion": 1, "rpcName": "frontend",
				"rpcAddress": "127.0.0.1:" + strconv.Itoa(p.rpc["frontend"]),
			}},
		},
		"dcRedirectionPolicy": object{"policy": "noop"},
		"dynamicConfigClient": object{"filepath": dynamic, "pollInterval": "10s"},
	})
}

// withDefaults adds what every server here has: it never asks the maker's site
// for newer versions.
func withDefaults(dynamic map[string]any) map[string]any {
	all := map[string]any{"frontend.enableServerVersionCheck": false}
	maps.Copy(all, dynamic)
	return all
}

func writeObject(file string, o object) error {
	data, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return fmt.Errorf("writing the server's settings: %w", err)
	}
	return nil
}
