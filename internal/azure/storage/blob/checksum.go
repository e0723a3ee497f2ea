package blob

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"io"

	"github.com/minio/crc64nvme"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// digests are the sums of a body as it is read, and what the client says they are.
type digests struct {
	md5     hash.Hash       // nil: not asked for
	behind  *backgroundHash // sums md5 instead, of what is large; else nil
	crc     uint64
	useCRC  bool
	wantMD5 []byte // nil: the client did not say
	wantCRC []byte // 8 bytes, little-endian; nil: the client did not say
}

// newDigests reads Content-MD5 and x-ms-content-crc64. needMD5 asks for the MD5
// whatever the client says. Without a word from the client it is the CRC that the
// answer carries.
func newDigests(contentMD5, contentCRC string, needMD5 bool) (*digests, error) {
	d := &digests{}
	switch {
	case contentMD5 != "" && contentCRC != "":
		return nil, storage.Fail("BothCrc64AndMd5HeaderPresent")
	case contentMD5 != "":
		sum, err := parseMD5(contentMD5)
		if err != nil {
			return nil, err
		}
		d.wantMD5 = sum
	case contentCRC != "":
		sum, err := base64.StdEncoding.DecodeString(contentCRC)
		if err != nil || len(sum) != crcBytes {
			return nil, storage.InvalidHeader("x-ms-content-crc64", contentCRC)
		}
		d.wantCRC = sum
	}
	if needMD5 || d.wantMD5 != nil {
		d.md5 = md5.New()
	}
	d.useCRC = d.wantMD5 == nil
	return d, nil
}

// parseMD5 reads the base64 of 16 bytes.
func parseMD5(text string) ([]byte, error) {
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sum) != md5.Size {
		return nil, storage.Fail("InvalidMd5")
	}
	return sum, nil
}

// reader yields what r does and sums it up.
func (d *digests) reader(r io.Reader) io.Reader { return &summing{r, d} }

type summing struct {
	r io.Reader
	d *digests
}

func (s *summing) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.d.add(p[:n])
	return n, err
}

// expect says how many bytes will come; -1 is unknown. stop must be called in the end.
func (d *digests) expect(size int64) {
	if d.md5 != nil && size >= backgroundFrom {
		d.behind = newBackgroundHash(d.md5)
	}
}

func (d *digests) stop() {
	if d.behind != nil {
		d.behind.stop()
	}
}

func (d *digests) add(p []byte) {
	switch {
	case d.behind != nil:
		_, _ = d.behind.Write(p) // it never fails
	case d.md5 != nil:
		d.md5.Write(p)
	}
	if d.useCRC {
		d.crc = crc64nvme.Update(d.crc, p)
	}
}

// sumMD5 is nil when it was not asked for.
func (d *digests) sumMD5() []byte {
	if d.md5 == nil {
		return nil
	}
	d.stop()
	return d.md5.Sum(nil)
}

func (d *digests) sumCRC() []byte { return binary.LittleEndian.AppendUint64(nil, d.crc) }

// verify compares with what the client said, once the body is read.
func (d *digests) verify() error {
	if d.wantMD5 != nil {
		if got := d.sumMD5(); !bytes.Equal(got, d.wantMD5) {
			return storage.Fail("Md5Mismatch").
				With("UserSpecifiedMd5", base64.StdEncoding.EncodeToString(d.wantMD5)).
				With("ServerCalculatedMd5", base64.StdEncoding.EncodeToString(got))
		}
	}
	if d.wantCRC != nil {
		if got := d.sumCRC(); !bytes.Equal(got, d.wantCRC) {
			return storage.Fail("Crc64Mismatch").
				With("UserSpecifiedCrc64", base64.StdEncoding.EncodeToString(d.wantCRC)).
				With("ServerCalculatedCrc64", base64.StdEncoding.EncodeToString(got))
		}
	}
	return nil
}

// keySum is the hash by which a customer's key is known.
func keySum(key []byte) string {
	sum := sha256.Sum256(key)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Write sums up what is written.
func (d *digests) Write(p []byte) (int, error) {
	d.add(p)
	return len(p), nil
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
