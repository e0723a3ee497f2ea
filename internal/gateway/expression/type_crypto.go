package expression

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // policies may name it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"math/rand/v2"
	"strings"
)

// Hash is a HashAlgorithm, with a key where its name begins with HMAC.
type Hash struct {
	make  func() hash.Hash
	keyed bool
	key   []byte
}

// hashNamed is the algorithm of a type's name.
func hashNamed(name string) (*Hash, bool) {
	base, keyed := strings.CutPrefix(name, "HMAC")
	base = strings.TrimSuffix(strings.TrimSuffix(base, "Managed"), "CryptoServiceProvider")
	f, ok := map[string]func() hash.Hash{"MD5": md5.New, "SHA1": sha1.New, "SHA256": sha256.New, "SHA384": sha512.New384, "SHA512": sha512.New}[base]
	return &Hash{make: f, keyed: keyed}, ok
}

func (h *Hash) sum(b []byte) []byte {
	d := h.make()
	if h.keyed {
		d = hmac.New(h.make, h.key)
	}
	d.Write(b)
	return d.Sum(nil)
}

var hashProperties = map[string]property{
	"Key": func(v any) (any, error) { return v.(*Hash).key, nil },
}

var hashMethods = map[string]method{
	"ComputeHash": func(c *Call) (any, error) {
		b, err := c.Bytes(0)
		if err != nil {
			return nil, err
		}
		return c.This.(*Hash).sum(b), nil
	},
	"Clear":   func(*Call) (any, error) { return nil, nil }, //nolint:nilnil // void
	"Dispose": func(*Call) (any, error) { return nil, nil }, //nolint:nilnil // void
}

// cipherOf is AES in CBC mode with PKCS7 padding, which is what .NET's Aes does.
func cipherOf(c *Call) (block cipher.Block, data, iv []byte, err error) {
	data, _ = c.This.([]byte)
	name, err := c.Text(0)
	if err != nil {
		return nil, nil, nil, err
	}
	if !strings.EqualFold(name, "Aes") && !strings.EqualFold(name, "AES") && !strings.EqualFold(name, "Rijndael") {
		return nil, nil, nil, fmt.Errorf("the algorithm %s is not served; Aes is", clip(name))
	}
	key, err := c.Bytes(1)
	if err != nil {
		return nil, nil, nil, err
	}
	if iv, err = c.Bytes(2); err != nil {
		return nil, nil, nil, err
	}
	if block, err = aes.NewCipher(key); err == nil && len(iv) != block.BlockSize() {
		err = fmt.Errorf("specified initialization vector (IV) does not match the block size for this algorithm")
	}
	return block, data, iv, err
}

func encrypt(c *Call) (any, error) {
	block, data, iv, err := cipherOf(c)
	if err != nil {
		return nil, err
	}
	n := block.BlockSize() - len(data)%block.BlockSize()
	out := append(append([]byte(nil), data...), strings.Repeat(string(rune(n)), n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out, nil
}

func decrypt(c *Call) (any, error) {
	block, data, iv, err := cipherOf(c)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 || len(data)%block.BlockSize() != 0 {
		return nil, fmt.Errorf("the input data is not a complete block")
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	n := int(out[len(out)-1])
	if n == 0 || n > block.BlockSize() || strings.Count(string(out[len(out)-n:]), string(rune(n))) != n {
		return nil, fmt.Errorf("padding is invalid and cannot be removed")
	}
	return out[:len(out)-n], nil
}

func toBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// guidOf is a Guid of 16 bytes, the first three fields little-endian.
func guidOf(b []byte) (any, error) {
	if len(b) != 16 {
		return nil, fmt.Errorf("byte array for Guid must be exactly 16 bytes long")
	}
	return parseGUID(fmt.Sprintf("%08x%04x%04x%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:]))
}

// Random is a Random; with a seed it repeats itself, with other numbers than .NET's.
type Random struct{ next func(n int64) int64 }

func newRandom(seed any) *Random {
	if n, ok := seed.(int32); ok {
		return &Random{rand.New(rand.NewPCG(uint64(n), 0)).Int64N} //nolint:gosec // not for secrets, as .NET's
	}
	return &Random{rand.Int64N} //nolint:gosec // as above
}

var randomMethods = map[string]method{
	"Next": func(c *Call) (any, error) {
		from, below := 0, 1<<31-1
		var err error
		switch len(c.Args) {
		case 0:
		case 1:
			below, err = c.Int(0)
		default:
			if from, err = c.Int(0); err == nil {
				below, err = c.Int(1)
			}
		}
		if err == nil && from > below {
			err = fmt.Errorf("Next: the smallest value is greater than the largest")
		}
		if err != nil || from == below {
			return count(from), err
		}
		return count(from + int(c.This.(*Random).next(int64(below-from)))), nil
	},
	"NextDouble": func(c *Call) (any, error) { return float64(c.This.(*Random).next(1<<53)) / (1 << 53), nil },
}

var exceptionProperties = map[string]property{
	"Message":        func(v any) (any, error) { return v.(*Exception).Message, nil },
	"StackTrace":     func(any) (any, error) { return "", nil },
	"InnerException": func(any) (any, error) { return nil, nil }, //nolint:nilnil // null is a value
}
