//go:build unix

package outside

import (
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// hold marks a folder as in use for as long as a process has the file.
func hold(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return f, unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// young is how old a folder is before it can have lost its holder: one that is
// being made has none yet.
const young = time.Minute

// sweep removes the folders of this user that nobody holds: whoever did was
// killed.
func sweep(temp string) {
	left, _ := filepath.Glob(filepath.Join(temp, folderPrefix+"*"))
	for _, dir := range left {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		var st unix.Stat_t
		old := unix.Fstat(fd, &st) == nil && time.Since(time.Unix(st.Mtim.Unix())) > young
		if old && int(st.Uid) == os.Geteuid() && unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		unix.Close(fd)
	}
}
