package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/ticket"
)

// The ports that Temporal's documentation and tools expect; others are taken
// when they are in use.
const (
	temporalPort   = 7233
	temporalUIPort = 8233
)

// parts are the servers the service stands on.
func (s *stack) parts() []component {
	return []component{
		{name: "Postgres", replacedBy: []string{"DATABASE_URL"}, start: s.startPostgres},
		{name: "Kafka", replacedBy: []string{"KAFKA_BROKERS"}, start: s.startKafka},
		{name: "Temporal", replacedBy: []string{"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE"}, start: s.startTemporal},
	}
}

func (s *stack) startPostgres(ctx context.Context) (*running, error) {
	p, err := part.StartPostgres(ctx, part.PostgresOptions{
		Dir: s.kept("postgres"), Progress: s.console.progress("Postgres"),
	})
	if err != nil {
		return nil, err
	}
	url, err := p.EnsureDatabase(ctx, "fte")
	if err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return &running{
		detail:   fmt.Sprintf("%s, pgvector %s, 127.0.0.1:%d", p.Version, p.VectorVersion, p.Port),
		settings: settings{"DATABASE_URL": url},
		stop:     p.Stop,
		died:     p.Done(),
	}, nil
}

// startKafka leaves the topics to `fte migrate`, as anywhere else.
func (s *stack) startKafka(context.Context) (*running, error) {
	k, err := part.StartKafka(part.KafkaOptions{
		Dir: s.kept("kafka"), Logger: s.partLog("kafka"),
	})
	if err != nil {
		return nil, err
	}
	brokers := strings.Join(k.Brokers, ",")
	return &running{
		detail:   "embedded broker, " + brokers,
		settings: settings{"KAFKA_BROKERS": brokers},
		stop:     func(context.Context) error { k.Close(); return nil },
	}, nil
}

func (s *stack) startTemporal(ctx context.Context) (*running, error) {
	cli, err := part.TemporalCLI(ctx, s.console.progress("Temporal"))
	if err != nil {
		return nil, err
	}
	db := s.kept("temporal", "temporal.db")
	if err := errors.Join(preferPort(db+".port", temporalPort), preferPort(db+".ui-port", temporalUIPort)); err != nil {
		return nil, err
	}
	t, err := part.StartTemporal(ctx, part.TemporalOptions{
		CLI: cli, DBFile: db, LogFile: s.logFile("temporal"), SearchAttributes: ticket.SearchAttributes(),
	})
	if err != nil {
		return nil, err
	}
	return &running{
		detail: t.Address,
		settings: settings{
			"TEMPORAL_ADDRESS": t.Address, "TEMPORAL_NAMESPACE": t.Namespace, "TEMPORAL_UI_URL": t.UIAddress,
			// A profile of the person's must not reach into the local server.
			"TEMPORAL_CONFIG_FILE": os.DevNull,
		},
		stop: t.Stop,
		died: t.Done(),
	}, nil
}

// preferPort chooses the port of a part before its first start. Later the part
// keeps to its own choice, which is recorded in file.
func preferPort(file string, preferred int) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err := part.StablePort(file, preferred)
	return err
}
