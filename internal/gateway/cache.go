package gateway

import (
	"container/list"
	"sync"
	"time"
)

// cache keeps what cache-store and cache-store-value put, until its time is over or
// newer things need the room.
type cache struct {
	clock func() time.Time

	mu    sync.Mutex // guards what follows
	items map[string]*list.Element
	order *list.List // what was used last is first
	bytes int
}

type cacheItem struct {
	key   string
	value any
	bytes int
	until time.Time
}

// maxCacheBytes is what the cache of a gateway may take.
const maxCacheBytes = 64 << 20

func newCache(clock func() time.Time) *cache {
	return &cache{clock: clock, items: map[string]*list.Element{}, order: list.New()}
}

// Get implements policy.Cache.
func (c *cache) Get(key string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return nil, false
	}
	item, _ := e.Value.(*cacheItem)
	if !c.clock().Before(item.until) {
		c.drop(e)
		return nil, false
	}
	c.order.MoveToFront(e)
	return item.value, true
}

// Put implements policy.Cache.
func (c *cache) Put(key string, v any, bytes int, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.drop(e)
	}
	bytes += len(key)
	if ttl <= 0 || bytes > maxCacheBytes/4 {
		return
	}
	c.items[key] = c.order.PushFront(&cacheItem{key, v, bytes, c.clock().Add(ttl)})
	c.bytes += bytes
	for c.bytes > maxCacheBytes {
		c.drop(c.order.Back())
	}
}

// Remove implements policy.Cache.
func (c *cache) Remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.drop(e)
	}
}

func (c *cache) drop(e *list.Element) {
	item, _ := c.order.Remove(e).(*cacheItem)
	delete(c.items, item.key)
	c.bytes -= item.bytes
}
