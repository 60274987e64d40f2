package party

import (
	"hash/maphash"
	"sync"
)

// stripes is a fixed number of mutexes shared by any number of keys: two keys may wait
// for each other without need, but no key costs memory. A goroutine must not lock two
// keys of the same stripes at once.
type stripes struct{ mutexes [64]sync.Mutex }

var stripeSeed = maphash.MakeSeed()

// of is the key's mutex.
func (s *stripes) of(key string) *sync.Mutex {
	return &s.mutexes[maphash.String(stripeSeed, key)%uint64(len(s.mutexes))]
}
