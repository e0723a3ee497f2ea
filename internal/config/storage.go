package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The storage account that localhost means, as the official emulator has it. The
// key is refused on any address but loopback.
const (
	EmulatorStorageAccount = "devstoreaccount1"
	EmulatorStorageKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Storage is the ports of the Blob, Queue and Table services, and the storage
// accounts: the well-known one, which UseDevelopmentStorage=true means, and others
// by name.
type Storage struct {
	BlobPort  Port `yaml:"blobPort"`  // TLS and plain HTTP, as all three; default 10000
	QueuePort Port `yaml:"queuePort"` // default 10001
	TablePort Port `yaml:"tablePort"` // default 10002

	StorageAccount `yaml:",inline"`
	Accounts       map[string]StorageAccount `yaml:"accounts"`
}

// StorageAccount is a storage account.
type StorageAccount struct {
	Key                   string `yaml:"key"`                   // base64; default: the emulator's on loopback, else, and of a named account, one that is made and kept
	SecondaryKey          string `yaml:"secondaryKey"`          // default: one is made, and kept
	AllowSharedKeyAccess  *bool  `yaml:"allowSharedKeyAccess"`  // false: keys and what they signed open nothing, only tokens do; default true
	AllowBlobPublicAccess *bool  `yaml:"allowBlobPublicAccess"` // containers may let everybody read; default: true of the well-known account, false of others
	IsVersioningEnabled   bool   `yaml:"isVersioningEnabled"`   // each change of a blob keeps what it was
	Network               `yaml:",inline"`
	Containers            []string `yaml:"containers"` // made at the start
	Queues                []string `yaml:"queues"`     // as well
	Tables                []string `yaml:"tables"`     // as well
}

// NamedStorage is a storage account, its name, and where it stands in the file.
type NamedStorage struct {
	Name, Path string
	StorageAccount
}

// All are the well-known account and then the others by name.
func (s *Storage) All() []NamedStorage {
	all := []NamedStorage{{EmulatorStorageAccount, "storage", s.StorageAccount}}
	for _, name := range slices.Sorted(maps.Keys(s.Accounts)) {
		all = append(all, NamedStorage{name, "storage.accounts." + name, s.Accounts[name]})
	}
	return all
}

// Names as Azure has them. https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
var (
	storageAccountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)
	containerName      = regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*|\$root|\$web|\$logs)$`)
	queueName          = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	tableName          = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{2,62}$`)
)

func (v *validation) storage(s *Storage) {
	v.distinct("storage.accounts", slices.Sorted(maps.Keys(s.Accounts)))
	for _, a := range s.All() {
		if a.Path != "storage" {
			if !storageAccountName.MatchString(a.Name) {
				v.add(a.Path, "a storage account's name has 3 to 24 lower-case letters and digits")
			}
			if a.Name == EmulatorStorageAccount {
				v.add(a.Path, "%s is what UseDevelopmentStorage=true means: it stands directly under storage", a.Name)
			}
			v.reserved(a.Path, a.Name, "storage")
		}
		v.storageAccount(a)
	}
}

func (v *validation) storageAccount(a NamedStorage) {
	for key, value := range map[string]string{"key": a.Key, "secondaryKey": a.SecondaryKey} {
		if _, err := base64.StdEncoding.DecodeString(value); err != nil {
			v.add(a.Path+"."+key, "is not base64")
		}
	}
	v.network(a.Path, a.Network)
	dashed := "lower-case letters, digits and single dashes between them"
	v.storageNames(a.Path+".containers", a.Containers, containerName, "a container's name has 3 to 63 "+dashed)
	v.storageNames(a.Path+".queues", a.Queues, queueName, "a queue's name has 3 to 63 "+dashed)
	v.storageNames(a.Path+".tables", a.Tables, tableName, "a table's name has 3 to 63 letters and digits and begins with a letter")
	for i, name := range a.Tables {
		if strings.EqualFold(name, "tables") {
			v.add(fmt.Sprintf("%s.tables[%d]", a.Path, i), "%s is reserved by Azure", name)
		}
	}
}

func (v *validation) storageNames(path string, names []string, form *regexp.Regexp, rule string) {
	seen := map[string]bool{}
	for i, name := range names {
		at := fmt.Sprintf("%s[%d]", path, i)
		if len(name) < 3 || len(name) > 63 || !form.MatchString(name) {
			v.add(at, "%s", rule)
		}
		if lower := strings.ToLower(name); seen[lower] {
			v.add(at, "%s is there twice", name)
		} else {
			seen[lower] = true
		}
	}
}
