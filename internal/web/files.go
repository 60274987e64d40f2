package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// Files are embedded files by name. Each is served under a name with a hash of its content, to be cached for ever.
type Files map[string][]byte

var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".json": "application/json",
}

// MustFiles reads a folder. It panics if a file has an unknown kind.
func MustFiles(from fs.FS, folder string) Files {
	files := Files{}
	entries, err := fs.ReadDir(from, folder)
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		body, err := fs.ReadFile(from, folder+"/"+e.Name())
		if err != nil {
			panic(err)
		}
		if contentTypes[path.Ext(e.Name())] == "" {
			panic("web: no content type for " + e.Name())
		}
		files[e.Name()] = body
	}
	return files
}

// Name returns the name that a file is served as: "landing.css" as "landing.<hash>.css".
func (f Files) Name(name string) string { return Hashed(name, f[name]) }

// Hashed adds a hash of the content to a file's name.
func Hashed(name string, body []byte) string {
	ext, sum := path.Ext(name), sha256.Sum256(body)
	return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
}

// Unhashed returns the file's own name for the name that it is served as; "" if there is no such name.
func Unhashed(served string) string {
	ext := path.Ext(served)
	stem, hash, ok := strings.Cut(strings.TrimSuffix(served, ext), ".")
	if !ok || stem == "" || hash == "" || ext == "" {
		return ""
	}
	return stem + ext
}

// Serve answers a request for a file by the name that it is served as. While servers behind one address are updated,
// the hash may be of another build: the answer is then the present content, to be checked again every time.
func (f Files) Serve(served string) Answer {
	name := Unhashed(served)
	body, ok := f[name]
	if !ok {
		return Plain(http.StatusNotFound)
	}
	return Content(name, served, body)
}

// Content answers a request for a file by the name that it is served as.
func Content(name, served string, body []byte) Answer {
	cache := "public, max-age=31536000, immutable"
	if served != Hashed(name, body) {
		cache = "no-cache"
	}
	return Answer{Status: http.StatusOK, ContentType: contentTypes[path.Ext(name)], Cache: cache, Policy: DataPolicy, Tag: Tag(body), Body: body}
}
