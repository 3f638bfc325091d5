package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// runMigrate brings the three stores to the shape this program needs. Doing it
// twice changes nothing.
func runMigrate(ctx context.Context, env environment, args []string) error {
	if err := noArguments("migrate", args); err != nil {
		return err
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase, needKafka)
	if err != nil {
		return err
	}
	temporal, err := temporalOptions(env.lookuper)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	applied, err := schema.Migrate(ctx, c.DatabaseURL)
	if err != nil {
		return fmt.Errorf("the database could not be migrated; check DATABASE_URL, and that the server runs and has pgvector: %w", err)
	}
	report(env, "database", applied)
	topics, err := stream.EnsureTopics(ctx, c.KafkaBrokers, ticket.Topics(), ticket.TopicPartitions)
	if err != nil {
		return fmt.Errorf("the topics could not be made; check KAFKA_BROKERS (%s) and that a broker runs there: %w", strings.Join(c.KafkaBrokers, ","), err)
	}
	report(env, "topics", topics)
	attributes, err := ensureSearchAttributes(ctx, temporal)
	if err != nil {
		return fmt.Errorf("the search attributes could not be registered at %s in namespace %s; check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE: %w",
			temporal.HostPort, temporal.Namespace, err)
	}
	report(env, "search attributes", attributes)
	return nil
}

func report(env environment, what string, made []string) {
	if len(made) == 0 {
		fmt.Fprintf(env.stdout, "%s: nothing to do\n", what)
		return
	}
	slices.Sort(made)
	fmt.Fprintf(env.stdout, "%s: made %s\n", what, strings.Join(made, ", "))
}

// ensureSearchAttributes registers what the workflows set, and returns what was missing.
func ensureSearchAttributes(ctx context.Context, options client.Options) ([]string, error) {
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: options.Namespace})
	if err != nil {
		return nil, err
	}
	missing := map[string]enumspb.IndexedValueType{}
	var names []string
	for name, kind := range ticket.SearchAttributes() {
		want, err := enumspb.IndexedValueTypeFromString(kind)
		if err != nil {
			return nil, err
		}
		got, known := have.GetCustomAttributes()[name]
		switch {
		case !known:
			missing[name] = want
			names = append(names, name)
		case got != want:
			return nil, fmt.Errorf("search attribute %s is of type %s, %s is needed", name, got, want)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: options.Namespace, SearchAttributes: missing})
	return names, err
}
