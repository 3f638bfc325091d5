package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// role is a part of the worker that can run alone.
type role struct {
	name, does string
	needs      []demand
	build      func(*workerProcess) (runner, error)
}

// runner works until its context ends.
type runner func(ctx context.Context) error

func roles() []role {
	return []role{
		{"intake", "turn channel events into stored messages", []demand{needDatabase, needKafka, needSecret}, (*workerProcess).intake},
		{"bridge", "hand stored messages to their workflows", []demand{needKafka}, (*workerProcess).bridge},
		{"tickets", "run the workflows", []demand{needDatabase, needKafka, needSecret, needPublicURL}, (*workerProcess).tickets},
		{"model", "search knowledge and ask the model", []demand{needDatabase, needKafka, needSecret, needPublicURL, needModel}, (*workerProcess).model},
		{"delivery", "send replies, read the mailbox", []demand{needDatabase, needKafka, needSecret, needPublicURL}, (*workerProcess).delivery},
		{"notifier", "tell staff of escalations (STAFF_ALERT_WEBHOOK, STAFF_ALERT_EMAIL)", []demand{needDatabase, needKafka}, (*workerProcess).notifier},
		{"metrics", "keep the figures of finished turns", []demand{needDatabase, needKafka}, (*workerProcess).projector},
	}
}

func describeRoles() string {
	var lines []string
	for _, r := range roles() {
		lines = append(lines, fmt.Sprintf("  %-9s %s", r.name, r.does))
	}
	return strings.Join(lines, "\n")
}

func namesOf(chosen []role) string {
	var names []string
	for _, r := range chosen {
		names = append(names, r.name)
	}
	return strings.Join(names, ",")
}

// needsOf returns the parts that any of the roles needs.
func needsOf(chosen []role) (needs []demand) {
	for _, r := range chosen {
		needs = append(needs, r.needs...)
	}
	return needs
}

func parseRoles(list string) ([]role, error) {
	all := roles()
	if list == "" {
		return all, nil
	}
	var chosen []role
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		byName := func(r role) bool { return r.name == name }
		i := slices.IndexFunc(all, byName)
		if i < 0 {
			return nil, usagef("there is no role %q; roles are %s", name, namesOf(all))
		}
		if !slices.ContainsFunc(chosen, byName) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

func runWorker(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("worker")
	list := flags.String("roles", "", "comma-separated `list` of the roles to run (default all)")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) > 0 {
		return usagef("unexpected argument %q", rest[0])
	}
	chosen, err := parseRoles(*list)
	if err != nil {
		return err
	}
	c, err := loadConfig(ctx, env.lookuper, needsOf(chosen)...)
	if err != nil {
		return err
	}
	log := newLogger(c, env.stderr)
	logStart(ctx, log, c, "worker", slog.String("roles", namesOf(chosen)))
	temporal, err := openTemporal(env.lookuper, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	options, err := temporalOptions(env.lookuper)
	if err != nil {
		return err
	}
	w := &workerProcess{c: c, log: log, temporal: temporal, namespace: options.Namespace, registry: newRegistry()}
	return w.run(ctx, chosen)
}
