// Package limit is keyed token buckets with bounded memory.
package limit
