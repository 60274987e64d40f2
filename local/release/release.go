// Package release describes a folder of built programs and plugins for the people who download
// them: a bill of materials for each file, and the checksums of all. The command release uses it.
package release

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// Sums is the file of checksums, in the form that sha256sum -c reads.
const Sums = "SHA256SUMS"

// Describe writes a bill of materials beside each file in the folder, and the checksums of files
// and bills. A file that is not a Go program or plugin does not belong there and is an error.
func Describe(folder, version string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		info, err := buildinfo.Read(bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("read the build information of %s: %w", file, err)
		}
		sum := checksum(content)
		bill, err := json.MarshalIndent(Bill(entry.Name(), version, sum, info), "", "  ")
		if err != nil {
			return fmt.Errorf("write the bill of %s: %w", file, err)
		}
		bill = append(bill, '\n')
		if err := os.WriteFile(file+".cdx.json", bill, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n%s  %s.cdx.json\n", sum, entry.Name(), checksum(bill), entry.Name())
	}
	return os.WriteFile(filepath.Join(folder, Sums), sums.Bytes(), 0o644)
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// BOM is a bill of materials in the form of CycloneDX 1.6. It has no time and no serial
// number, so the same file always gets the same bill.
type BOM struct {
	Format      string      `json:"bomFormat"`
	SpecVersion string      `json:"specVersion"`
	Version     int         `json:"version"`
	Metadata    Metadata    `json:"metadata"`
	Components  []Component `json:"components"`
}

// Metadata names the file that the bill describes.
type Metadata struct {
	Component Component `json:"component"`
}

// Component is the file or a module in it.
type Component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
	Hashes  []Hash `json:"hashes,omitempty"`
}

// Hash is a checksum of a component.
type Hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// Bill returns the bill of a file: Go's standard library and every module in it. For a replaced
// module it lists the replacement.
func Bill(name, version, sum string, info *debug.BuildInfo) BOM {
	goVersion, _, _ := strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ")
	b := BOM{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata:   Metadata{Component{Type: "application", Ref: name, Name: name, Version: version, Hashes: []Hash{{"SHA-256", sum}}}},
		Components: []Component{module("std", goVersion)},
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Components = append(b.Components, module(m.Path, m.Version))
	}
	return b
}

func module(path, version string) Component {
	purl := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return Component{Type: "library", Ref: purl, Name: path, Version: version, PURL: purl}
}
