package scale

import "time"

// Plans are Azure's hosting plans, in the order in which its documents list them.
func Plans() []*Plan { return []*Plan{Consumption(), Flex(), Premium(), Dedicated()} }

// Step is how many instances a decision adds at most, in every plan that scales by
// events.
const step = 4

// Consumption is the plan of the first serverless functions.
func Consumption() *Plan {
	return &Plan{
		Name: "consumption", Title: "Consumption", Events: true, ToZero: true,
		Sizes: []Size{{
			Name: "1536", MemoryMB: from(hostingOptions, 1536), MilliCores: from(eventDriven, 1000),
			Concurrency: from(hostJSON, 100),
		}},
		Most: from(hostingOptions, 200), Default: from(hostingOptions, 200), Least: from(eventDriven, 0),
		Timeout: from(hostingOptions, 5*time.Minute), MostTimeout: from(hostingOptions, 10*time.Minute),
		Step: from(targetBased, step), EveryHTTP: from(eventDriven, time.Second), EveryEvent: from(eventDriven, 30*time.Second),
		ScaleInWait: assumed(time.Minute), ScaleIn: assumed(25), IdleToZero: assumed(20 * time.Minute), ColdStart: assumed(3 * time.Second),
		Prices: Prices{Execution: assumed(0.20), GBSecond: assumed(0.000016)},
	}
}

// Flex is Flex Consumption, which scales each function alone.
func Flex() *Plan {
	size := func(name string, mb, milliCores, http int) Size {
		return Size{
			Name: name, MemoryMB: from(flexPlan, mb), MilliCores: from(flexPlan, milliCores), Concurrency: from(concurrency, http),
		}
	}
	return &Plan{
		Name: "flex", Title: "Flex Consumption", PerFunction: true, Events: true, ToZero: true,
		Sizes: []Size{size("2048", 2048, 1000, 16), size("512", 512, 250, 4), size("4096", 4096, 2000, 32)},
		Most:  from(flexPlan, 1000), Default: from(flexPlan, 100), Least: from(flexPlan, 0), AlwaysReady: from(flexPlan, true),
		Timeout: from(hostingOptions, 30*time.Minute), MostTimeout: from(hostingOptions, Unbounded),
		Step: from(targetBased, step), EveryHTTP: from(eventDriven, time.Second), EveryEvent: assumed(10 * time.Second),
		ScaleInWait: assumed(time.Minute), ScaleIn: assumed(25), IdleToZero: assumed(5 * time.Minute), ColdStart: assumed(time.Second),
		Prices: Prices{
			Execution: assumed(0.40), GBSecond: assumed(0.000026),
			ReadyGBSecond: assumed(0.000004), ReadyBusy: assumed(0.000016),
		},
	}
}

// Premium is the Elastic Premium plan.
func Premium() *Plan {
	size := func(name string, mb, milliCores int) Size {
		return Size{Name: name, MemoryMB: from(premiumPlan, mb), MilliCores: from(premiumPlan, milliCores), Concurrency: assumed(100)}
	}
	return &Plan{
		Name: "premium", Title: "Premium", Events: true,
		Sizes: []Size{size("EP1", 3584, 1000), size("EP2", 7168, 2000), size("EP3", 14336, 4000)},
		Most:  from(hostingOptions, 100), Default: from(hostingOptions, 100), Least: from(premiumPlan, 1), AlwaysReady: from(premiumPlan, true),
		Prewarmed: from(premiumPlan, 1),
		Timeout:   from(hostingOptions, 30*time.Minute), MostTimeout: from(hostingOptions, Unbounded),
		Step: from(targetBased, step), EveryHTTP: from(eventDriven, time.Second), EveryEvent: assumed(10 * time.Second),
		ScaleInWait: assumed(time.Minute), ScaleIn: assumed(25), ColdStart: assumed(10 * time.Second),
		Prices: Prices{CoreHour: assumed(0.16), GBHour: assumed(0.0114)},
	}
}

// Dedicated is an App Service plan with Always On: its instances are set by people.
func Dedicated() *Plan {
	size := func(name string, mb, milliCores int) Size {
		return Size{Name: name, MemoryMB: from(hostingOptions, mb), MilliCores: from(hostingOptions, milliCores), Concurrency: assumed(100)}
	}
	return &Plan{
		Name: "dedicated", Title: "Dedicated (App Service)",
		Sizes: []Size{size("S1", 1792, 1000), size("S2", 3584, 2000), size("S3", 7168, 4000)},
		Most:  from(hostingOptions, 30), Default: from(hostingOptions, 1), Least: from(hostingOptions, 1),
		Timeout: from(hostingOptions, 30*time.Minute), MostTimeout: from(hostingOptions, Unbounded),
		ColdStart: assumed(30 * time.Second),
		Prices:    Prices{InstanceHour: assumed(0.10)},
	}
}

// Workers is not Azure's: it is how the worker processes of an app on this machine come
// and go. They share the machine, so the app scales as a whole.
func Workers() *Plan {
	return &Plan{
		Name: "workers", Title: "worker processes of this machine", Events: true, ToZero: true,
		Sizes: []Size{{Name: "worker", Concurrency: assumed(16)}},
		Step:  from(targetBased, step), EveryHTTP: assumed(time.Second), EveryEvent: assumed(time.Second),
		ScaleInWait: assumed(30 * time.Second), ScaleIn: assumed(25), IdleToZero: assumed(5 * time.Minute),
	}
}
