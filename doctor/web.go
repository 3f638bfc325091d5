package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

func (d *Doctor) webChecks() []Check {
	return []Check{{
		Name: "public_url", Asks: "whether a gateway answers under PUBLIC_BASE_URL, seen from here",
		Means: "If it does not answer from outside either, no webhook, form or ticket page works.",
		Do:    "See that a gateway runs and that name, certificate and ingress lead to it; from within a cluster the address may be out of reach.",
		Look:  d.publicURL,
	}}
}

func (d *Doctor) publicURL(ctx context.Context) Finding {
	if d.PublicURL == "" {
		return warn("PUBLIC_BASE_URL is not set or is no address.", "Mend settings first.")
	}
	base, err := url.Parse(d.PublicURL)
	if err != nil {
		return warn("PUBLIC_BASE_URL is not an address.", "Mend settings first.")
	}
	shown := base.Redacted()
	status, err := askHealth(ctx, d.HTTP, strings.TrimRight(d.PublicURL, "/")+"/health")
	switch {
	case err != nil:
		return warn(fmt.Sprintf("No gateway answers under %s: %s", shown, said(bare(err))))
	case status != "ok":
		return warn(fmt.Sprintf("%s answers, and it is no gateway.", shown), "Correct PUBLIC_BASE_URL.")
	}
	return ok("A gateway answers under %s.", shown)
}

// bare leaves out the address, which the sentence names without its password.
func bare(err error) error {
	if carriage, ok := err.(*url.Error); ok { //nolint:errorlint // only what http.Client itself wraps
		return carriage.Err
	}
	return err
}

func askHealth(ctx context.Context, c *http.Client, address string) (status string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the answer has status %d", response.StatusCode)
	}
	var health struct{ Status string }
	// What is no JSON has no status either.
	_ = json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&health)
	return health.Status, nil
}
