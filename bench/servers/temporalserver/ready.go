package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/digital-fte/fte/dev/part"
)

// retention is how long closed runs are kept; the server takes no less.
const retention = 24 * time.Hour

// until asks every 200 ms until ask returns nil. It gives up when ctx ends or
// p does.
func until(ctx context.Context, p *process, what string, ask func(context.Context) error) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := ask(asking)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New(p.name + " ended at once")
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, err)
		case <-tick.C:
		}
	}
}

func (s *Server) dial() (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient(s.Address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second}))
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return conn, nil
}

func (s *Server) waitHealthy(ctx context.Context) error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return until(ctx, s.server, "the server is healthy", func(ctx context.Context) error {
		conn.ResetConnectBackoff()
		health, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{
			Service: workflowservice.WorkflowService_ServiceDesc.ServiceName,
		})
		if err == nil && health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			err = fmt.Errorf("its health is %v", health.GetStatus())
		}
		return err
	})
}

// makeNamespace registers the namespace with its search attributes and waits
// until the server, which reads its namespaces every few seconds, knows both.
func (s *Server) makeNamespace(ctx context.Context, attributes map[string]string) error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	service := workflowservice.NewWorkflowServiceClient(conn)
	if err := until(ctx, s.server, "the namespace is made", func(ctx context.Context) error {
		_, err := service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: s.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
		})
		if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](serviceerror.FromStatus(status.Convert(err))); exists {
			return nil
		}
		return err
	}); err != nil {
		return err
	}
	if err := until(ctx, s.server, "the search attributes are registered", func(ctx context.Context) error {
		return part.RegisterSearchAttributes(ctx, s.Address, s.Namespace, attributes)
	}); err != nil {
		return err
	}
	// One question for all: the server answers ten of this kind a second.
	var query []string
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		query = append(query, name+" IS NULL")
	}
	return until(ctx, s.server, "the namespace is known", func(ctx context.Context) error {
		_, err := service.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: s.Namespace, Query: strings.Join(query, " AND "), PageSize: 1,
		})
		return err
	})
}

func (s *Server) waitUI(ctx context.Context) error {
	return until(ctx, s.ui, "the web interface answers", func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.UIAddress, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errors.New(res.Status)
		}
		return nil
	})
}
