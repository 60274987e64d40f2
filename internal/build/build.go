// Package build says which build of the module this is, for logs, operators and the command line.
package build

import "runtime"

// Version is the module's version, the newest in CHANGELOG.md.
const Version = "1.0.0"

// Set by the linker. Empty if the build was not started by make.
var (
	commit string // commit of the build
	nakama string // line of Nakama that the plugin is built for
)

// Info describes a build.
type Info struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Nakama  string `json:"nakama,omitempty"` // "3.40.0"; "server" if it was built for one given server
	Go      string `json:"go"`               // "go1.26.5"
}

// Current describes this build.
func Current() Info {
	return Info{Version: Version, Commit: commit, Nakama: nakama, Go: runtime.Version()}
}

// String is "1.0.0 commit=cf9b7fb nakama=3.40.0 go=go1.26.5". It leaves out unknown fields.
func (i Info) String() string {
	text := i.Version
	if i.Commit != "" {
		text += " commit=" + i.Commit
	}
	if i.Nakama != "" {
		text += " nakama=" + i.Nakama
	}
	return text + " go=" + i.Go
}

// Tags are the labels of the metric about the running build.
func (i Info) Tags() map[string]string {
	return map[string]string{"version": i.Version, "commit": i.Commit, "nakama": i.Nakama, "go": i.Go}
}
