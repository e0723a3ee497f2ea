// Package vfs is the file system that all storage writes through.
//
// It is Pebble's: a disk, a memory file system whose CrashClone keeps only what
// was synced, and rules that make the nth operation fail. Storage takes an FS,
// so that a test can pull the plug at any call.
package vfs

import (
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

type (
	// FS is a file system.
	FS = vfs.FS
	// File is an open file.
	File = vfs.File
	// MemFS is a file system in memory that can be cloned as a crash leaves it.
	MemFS = vfs.MemFS
	// CrashCloneConfig says how much unsynced data a crash clone keeps.
	CrashCloneConfig = vfs.CrashCloneCfg
	// Injector decides which operation fails, and how.
	Injector = errorfs.Injector
)

// Default is the operating system's file system.
var Default = vfs.Default

// WriteCategory is the category of writes Pebble's file system asks for; the
// product has one.
const WriteCategory = vfs.WriteCategoryUnspecified

// InvalidFd is what File.Fd returns for a file that is not the operating system's.
const InvalidFd = vfs.InvalidFd

// NewMem returns an empty file system in memory that forgets nothing.
func NewMem() *MemFS { return vfs.NewMem() }

// NewCrashableMem returns an empty file system in memory that tracks what was
// synced, so that CrashClone gives the state after a power loss.
func NewCrashableMem() *MemFS { return vfs.NewCrashableMem() }

// WithFaults returns fs with the injector's faults.
func WithFaults(fs FS, injector Injector) FS { return errorfs.Wrap(fs, injector) }
