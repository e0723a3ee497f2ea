package app

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// addEventHubs opens the AMQP ports and sends the namespace's connections to
// Event Hubs.
func (a *App) addEventHubs() error {
	cfg := a.opts.Config.EventHubs
	rules, err := sharedAccessRules(cfg.Rules)
	if err != nil {
		return err
	}
	log := a.log.With("component", "eventhubs")
	hubs, err := eventhubs.New(eventhubs.Config{
		Hubs:            a.storage.hubs,
		Log:             log,
		Rules:           rules,
		AutoCreate:      a.opts.Config.HubsAutoCreated(),
		NewHub:          broker.HubConfig{Partitions: config.DefaultPartitions, Retention: time.Duration(config.DefaultRetention)},
		AcceptAnyBearer: cfg.AcceptAny,
		Events:          a.counts.FromEventHubs(a.storage.hubsID),
	})
	if err != nil {
		return err
	}
	a.doors.Route(door.Route{
		Type: resource.Namespaces,
		AMQP: func(_ resource.Account, c *amqp.Conn) amqp.ConnHandler { return hubs.Conn(c) },
		SASL: func(ctx context.Context, _ resource.Account, init amqp.SASLInit) (any, error) {
			return hubs.Authenticate(ctx, init)
		},
	})
	namespace, greeting := a.doors.account(resource.Namespaces, resource.Default), hubs.Greeting()
	plain := door.Port{Title: "Event Hubs (AMQP)", Key: "eventHubs.amqpPort", Account: namespace, AMQP: &greeting, Log: log}
	if err := a.doors.open(instance.AMQP, cfg.AMQPPort, plain); err != nil {
		return err
	}
	secure := plain
	secure.Title, secure.Key, secure.TLS = "Event Hubs (AMQP over TLS)", "eventHubs.amqpsPort", door.Only
	return a.doors.open(instance.AMQPS, cfg.AMQPSPort, secure)
}

func sharedAccessRules(configured []config.SASRule) ([]eventhubs.Rule, error) {
	rules := make([]eventhubs.Rule, len(configured))
	for i, r := range configured {
		rights, err := eventhubs.ParseRights(r.Rights)
		if err != nil {
			return nil, err
		}
		rules[i] = eventhubs.Rule{Name: r.Name, Key: r.Key, Rights: rights, Hub: r.Hub}
	}
	return rules, nil
}
