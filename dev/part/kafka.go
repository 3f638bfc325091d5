package part

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// KafkaOptions says which broker to start.
type KafkaOptions struct {
	// Dir keeps records and offsets between starts, each written through to the
	// disk before it is acknowledged. Empty means in memory.
	Dir string
	// Port is on 127.0.0.1. 0 means the port of the last start with this Dir if
	// it is free, else any free one.
	Port int
	// Topics are made when missing. The broker makes no others by itself.
	Topics []string
	// Partitions of each new topic; 0 means 1.
	Partitions int
	// Logger hears about start, stop and the broker's warnings. Nil is silent.
	Logger *slog.Logger
}

// Kafka is a broker in this process that speaks the real protocol.
type Kafka struct {
	// Brokers are its addresses, host:port.
	Brokers []string
	// Cluster is the broker itself, for faults in tests.
	Cluster *kfake.Cluster

	unlock func()
	log    *slog.Logger
}

// StartKafka starts a broker. Two on one directory would damage it, so the
// second gets a *LockedError.
func StartKafka(o KafkaOptions) (*Kafka, error) {
	k := &Kafka{log: o.Logger, unlock: func() {}}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if o.Dir != "" {
		unlock, err := Lock(o.Dir)
		if err != nil {
			return nil, fmt.Errorf("starting Kafka: %w", err)
		}
		k.unlock = unlock
	}
	if err := k.start(o); err != nil {
		k.Close()
		return nil, fmt.Errorf("starting Kafka (KAFKA_BROKERS names another to use instead): %w", err)
	}
	k.log.Info("kafka started", "brokers", k.Brokers, "dir", o.Dir)
	return k, nil
}

func (k *Kafka) start(o KafkaOptions) error {
	cluster, err := newCluster(o, k.log)
	if err != nil {
		return err
	}
	k.Cluster = cluster
	k.Brokers = cluster.ListenAddrs()
	// Seeding is skipped on a directory that has state, so each start makes
	// what is missing.
	for _, topic := range o.Topics {
		if cluster.TopicInfo(topic) != nil {
			continue
		}
		if err := cluster.CreateTopic(topic, int32(max(o.Partitions, 1)), nil); err != nil {
			return fmt.Errorf("making topic %s: %w", topic, err)
		}
	}
	return nil
}

// newCluster opens the broker on its port, on another one when a port that we
// chose ourselves is taken in between.
func newCluster(o KafkaOptions, log *slog.Logger) (*kfake.Cluster, error) {
	opts := []kfake.Opt{kfake.NumBrokers(1), kfake.ClusterID("fte-dev"), kfake.WithLogger(kafkaLog{log})}
	if o.Dir != "" {
		opts = append(opts, kfake.DataDir(o.Dir), kfake.SyncWrites())
	}
	for {
		port := o.Port
		if port == 0 && o.Dir != "" {
			var err error
			if port, err = StablePort(filepath.Join(o.Dir, "port"), 0); err != nil {
				return nil, err
			}
		}
		cluster, err := kfake.NewCluster(append(opts, kfake.Ports(port))...)
		if errors.Is(err, syscall.EADDRINUSE) && o.Port == 0 {
			continue
		}
		return cluster, err
	}
}

// Close stops the broker and writes what is left to disk. It may be called more
// than once.
func (k *Kafka) Close() {
	if k.Cluster != nil {
		k.Cluster.Close()
		k.log.Info("kafka stopped", "brokers", k.Brokers)
	}
	k.unlock()
}

// kafkaLog passes the broker's warnings on.
type kafkaLog struct{ log *slog.Logger }

// Logf implements kfake.Logger.
func (l kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level == kfake.LogLevelError || level == kfake.LogLevelWarn {
		l.log.Warn("kafka broker", "detail", fmt.Sprintf(format, args...))
	}
}
