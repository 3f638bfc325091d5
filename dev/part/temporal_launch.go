package part

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// launch starts the server once and waits until it is ready.
func (t *Temporal) launch(ctx context.Context, o TemporalOptions, port, uiPort int) error {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), o.CLI, temporalArgs(o, t.Namespace, port, uiPort)...)
	proc, err := startProcess("Temporal", cmd, o.LogFile, syscall.SIGTERM)
	if err != nil {
		return err
	}
	t.process = proc
	t.Address = "127.0.0.1:" + strconv.Itoa(port)
	if !o.Headless {
		t.UIAddress = "http://127.0.0.1:" + strconv.Itoa(uiPort)
	}
	if t.pidFile != "" {
		if err := os.WriteFile(t.pidFile, []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o600); err != nil {
			proc.kill()
			return fmt.Errorf("noting the process id: %w", err)
		}
	}
	if err := t.waitReady(ctx); err != nil {
		if proc.exited() && strings.Contains(proc.output(), "address already in use") {
			return fmt.Errorf("%w: %s", errTryAgain, proc.output())
		}
		ended := proc.exited()
		proc.kill()
		if ended && o.DBFile != "" {
			err = fmt.Errorf("%w (if %s is damaged, delete it to start empty)", err, o.DBFile)
		}
		return fmt.Errorf("%w; its log %s ends:\n%s", err, o.LogFile, proc.output())
	}
	if err := RegisterSearchAttributes(ctx, t.Address, t.Namespace, o.SearchAttributes); err != nil {
		proc.kill()
		return err
	}
	return nil
}

func temporalArgs(o TemporalOptions, namespace string, port, uiPort int) []string {
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(port), "--namespace", namespace,
		// It would ask the maker's site for newer versions.
		"--dynamic-config-value", "frontend.enableServerVersionCheck=false",
	}
	if o.DBFile != "" {
		args = append(args, "--db-filename", o.DBFile,
			"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal")
	}
	if o.Headless {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(uiPort))
	}
	for _, name := range sortedKeys(o.DynamicConfig) {
		args = append(args, "--dynamic-config-value", name+"="+o.DynamicConfig[name])
	}
	for _, name := range sortedKeys(o.SearchAttributes) {
		args = append(args, "--search-attribute", name+"="+o.SearchAttributes[name])
	}
	return args
}

// waitReady returns nil once the server is healthy and knows the namespace.
func (t *Temporal) waitReady(ctx context.Context) error {
	conn, err := grpc.NewClient(t.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := askReady(ctx, conn, t.Namespace)
		if err == nil {
			return nil
		}
		select {
		case <-t.process.done:
			return errors.New("the server ended at once")
		case <-ctx.Done():
			return fmt.Errorf("the server was not ready in time: %w", err)
		case <-tick.C:
			conn.ResetConnectBackoff()
		}
	}
}

func askReady(ctx context.Context, conn *grpc.ClientConn, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	health, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{
		Service: workflowservice.WorkflowService_ServiceDesc.ServiceName,
	})
	if err != nil {
		return err
	}
	if health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("its health is %v", health.GetStatus())
	}
	_, err = workflowservice.NewWorkflowServiceClient(conn).DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	return err
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
