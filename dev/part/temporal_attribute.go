package part

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// RegisterSearchAttributes adds those of attrs (name to type, one of Keyword,
// Int, Double, Bool, Datetime) that the namespace lacks. An attribute that
// exists with another type is an error.
func RegisterSearchAttributes(ctx context.Context, address, namespace string, attrs map[string]string) error {
	want := make(map[string]enums.IndexedValueType, len(attrs))
	for name, kind := range attrs {
		v, err := enums.IndexedValueTypeFromString(kind)
		if err != nil {
			return fmt.Errorf("registering search attribute %s: %w", name, err)
		}
		want[name] = v
	}
	if len(want) == 0 {
		return nil
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("registering search attributes: %w", err)
	}
	defer conn.Close()
	operator := operatorservice.NewOperatorServiceClient(conn)
	have, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("listing search attributes: %w", err)
	}
	var wrong []string
	maps.DeleteFunc(want, func(name string, kind enums.IndexedValueType) bool {
		found, ok := have.GetCustomAttributes()[name]
		if ok && found != kind {
			wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", name, found, kind))
		}
		return ok
	})
	if len(wrong) > 0 {
		return fmt.Errorf("registering search attributes: %s", strings.Join(wrong, ", "))
	}
	if len(want) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: want})
	if err != nil {
		return fmt.Errorf("adding search attributes: %w", err)
	}
	return nil
}
