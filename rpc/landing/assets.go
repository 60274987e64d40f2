package landing

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets templates
var embedded embed.FS

// asset is one embedded file; it is served under a name that holds a hash of its content,
// so that browsers never need to ask for it again.
type asset struct {
	kind string
	body []byte
	hash string
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

var (
	assets    = mustAssets(embedded)
	templates = template.Must(template.ParseFS(embedded, "templates/*.html"))
)

// mustAssets panics only on an embedded file of unknown kind, in any run of the program.
func mustAssets(files fs.FS) map[string]asset {
	found := map[string]asset{}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		body, err := fs.ReadFile(files, "assets/"+e.Name())
		if err != nil {
			panic(err)
		}
		kind, ok := assetKinds[path.Ext(e.Name())]
		if !ok {
			panic("landing: no content type for asset " + e.Name())
		}
		found[e.Name()] = asset{kind, body, contentHash(body)}
	}
	return found
}

func contentHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:5])
}

// assetURL is where the page finds an embedded file, from its base: "landing.css" is
// served as "/party/assets/landing.<hash>.css".
func assetURL(name string) string {
	ext := path.Ext(name)
	return "assets/" + strings.TrimSuffix(name, ext) + "." + assets[name].hash + ext
}

const accentPrefix = "accent-"

// accentURL is where the page finds the stylesheet of its accent colour, from its base.
func accentURL(hex string) string {
	sheet, _ := accentSheet(hex)
	return "assets/" + accentPrefix + hex + "." + contentHash(sheet) + ".css"
}

// asset serves a file by its hashed name. A hash of another build (while servers behind one
// address are being updated) gets the present content, to be checked every time.
func (s *Site) asset() route {
	return route{fail: plainFailure, answer: func(r *http.Request) answer {
		stem, hash, ext, ok := splitAssetName(strings.TrimPrefix(r.URL.Path, assetPath))
		if !ok {
			return plainFailure(r, failure{status: http.StatusNotFound})
		}
		a, ok := assets[stem+ext]
		if colour, isAccent := strings.CutPrefix(stem, accentPrefix); isAccent && ext == ".css" {
			var sheet []byte
			if sheet, ok = accentSheet(colour); ok {
				a = asset{assetKinds[".css"], sheet, contentHash(sheet)}
			}
		}
		if !ok {
			return plainFailure(r, failure{status: http.StatusNotFound})
		}
		cache := cacheForever
		if hash != a.hash {
			cache = "no-cache"
		}
		return answer{status: http.StatusOK, kind: a.kind, cache: cache, policy: dataPolicy, tag: strongTag(a.body), body: a.body}
	}}
}

// splitAssetName reads "<stem>.<hash><ext>".
func splitAssetName(name string) (stem, hash, ext string, ok bool) {
	ext = path.Ext(name)
	stem, hash, ok = strings.Cut(strings.TrimSuffix(name, ext), ".")
	return stem, hash, ext, ok && stem != "" && hash != "" && ext != ""
}
