package part

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// Ports that FreePort gives out lie below those the kernel gives to outgoing
// connections, which would otherwise take one between the question and its use.
const (
	firstPort = 20000
	lastPort  = 32000
)

// given remembers the ports this process was told are free.
var given sync.Map

// FreePort returns a TCP port of 127.0.0.1 that nobody listens on, and the same
// one only once. Another process may take it first, so starters try again.
func FreePort() (int, error) {
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if _, used := given.LoadOrStore(port, struct{}{}); !used && portFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("finding a free port: a thousand between %d and %d are taken", firstPort, lastPort)
}

// StablePort returns a port that stays the same from start to start: the one
// recorded in file if it is free, else preferred if that is free (0 means no
// preference), else any free one, which it records.
func StablePort(file string, preferred int) (int, error) {
	if data, err := os.ReadFile(file); err == nil {
		port, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err == nil && portFree(port) {
			return port, nil
		}
	}
	port := preferred
	if port == 0 || !portFree(port) {
		var err error
		if port, err = FreePort(); err != nil {
			return 0, err
		}
	}
	return port, recordPort(file, port)
}

func recordPort(file string, port int) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the directory of the port file: %w", err)
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o600); err != nil {
		return fmt.Errorf("recording the port: %w", err)
	}
	return nil
}

func portFree(port int) bool {
	if port < 1 || port > 65535 {
		return false
	}
	l, err := listenLocal(port)
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func listenLocal(port int) (*net.TCPListener, error) {
	return net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
}
