package party

import "sync"

// keyedLocks is one mutex per key that is in use; an unused key costs nothing.
type keyedLocks[K comparable] struct {
	mu    sync.Mutex
	byKey map[K]*keyedLock
}

type keyedLock struct {
	sync.Mutex
	users int // holders and waiters; guarded by keyedLocks.mu
}

// lock waits for the key's mutex. The caller calls unlock with the same key.
func (l *keyedLocks[K]) lock(key K) {
	l.mu.Lock()
	if l.byKey == nil {
		l.byKey = map[K]*keyedLock{}
	}
	k := l.byKey[key]
	if k == nil {
		k = &keyedLock{}
		l.byKey[key] = k
	}
	k.users++
	l.mu.Unlock()
	k.Lock()
}

func (l *keyedLocks[K]) unlock(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.byKey[key]
	k.users--
	if k.users == 0 {
		delete(l.byKey, key)
	}
	k.Unlock()
}
