// Package storage makes clients of storage accounts of other processes, Azure's
// first of all, from the connection settings of function apps, and turns what they
// say into errors with a fault.Kind.
//
// It knows no trigger and no state of hosts: those are in the packages beside it.
package storage
