// Package scale decides how many instances a function app needs, by Azure's book: the
// target-based formula of each kind of trigger, the rules by which votes of functions
// become a decision, and the hosting plans with their limits.
//
// The one idea: a Controller is fed with samples of what waits and with the time, and
// answers with a decision and its reasons. It has no clock and does no I/O, so the same
// code drives the workers of a running host and a simulated day.
//
//	samples ─▶ formula ─▶ vote of each function ─▶ group ─▶ limits of the plan ─▶ decision
//
// What is not modelled: incremental scaling, which Azure uses for triggers without a
// formula (a timer, for one): they have no vote here.
package scale
