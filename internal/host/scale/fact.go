package scale

import "time"

// Fact is a number of a plan and where it is from.
type Fact[T any] struct {
	Value  T
	Source string
}

// Sources of facts: articles of Azure's documentation by their names, as of 2025-12.
const (
	hostingOptions = "Azure Functions hosting options"
	eventDriven    = "Event-driven scaling"
	targetBased    = "Target-based scaling"
	flexPlan       = "Flex Consumption plan hosting"
	premiumPlan    = "Azure Functions Premium plan"
	concurrency    = "Concurrency in Azure Functions"
	hostJSON       = "host.json reference"
	// Assumed marks what Azure does not publish, or changes by region and month.
	Assumed = "assumed"
)

// from is a fact of a source.
func from[T any](source string, v T) Fact[T] { return Fact[T]{v, source} }

// assumed is a number that is nobody's word.
func assumed[T any](v T) Fact[T] { return Fact[T]{v, Assumed} }

// Unbounded is a time-out that never ends a function.
const Unbounded time.Duration = 0
