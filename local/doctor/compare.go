package doctor

import (
	"fmt"
	"go/version"
	"maps"
	"slices"
	"strings"

	"partyline/local/lines"
)

// Finding is one reason why a plugin does not open.
type Finding struct {
	What string // the difference, with both values
	Fix  string // what to do
	Says string // what plugin.Open will say, without the package's name; "" if it is not reached
}

// Errors of plugin.Open. It cannot read enough of a plugin from another minor version of Go to
// refuse it: the server's process ends.
const (
	msgOtherVersion   = "plugin was built with a different version of package"
	msgNoModuleData   = "fatal error: runtime: no plugin module data"
	msgNotImplemented = "plugin: not implemented"
	msgAlreadyLoaded  = "plugin already loaded"
)

// loaderMessage returns the error of plugin.Open for a file that the loader of a Linux server refuses.
func loaderMessage(file *Program) string {
	system, processor, _ := strings.Cut(file.Platform(), "/")
	why := "cannot open shared object file: No such file or directory" // the loader's message for another processor
	switch {
	case system != "linux":
		why = "invalid ELF header"
	case processor == "386" || processor == "arm":
		why = "wrong ELF class: ELFCLASS32"
	case file.settings["-buildmode"] != "plugin":
		why = "cannot dynamically load executable"
	}
	return fmt.Sprintf("plugin.Open(%q): %s: %s", file.File, file.File, why)
}

// Server checks whether a program is a Nakama server that can open plugins at all.
func Server(server *Program) []Finding {
	var found []Finding
	if server.modules[lines.Common] == "" {
		found = append(found, Finding{
			What: fmt.Sprintf("%s is not a Nakama server: it does not contain %s", server.File, lines.Common),
			Fix:  "give the server's own program; in the official image that is /nakama/nakama",
			Says: msgOtherVersion,
		})
	}
	if mode := server.settings["-buildmode"]; mode == "plugin" {
		found = append(found, Finding{
			What: fmt.Sprintf("%s is a plugin, not the server that opens plugins", server.File),
			Fix:  "give the server's own program; in the official image that is /nakama/nakama",
		})
	}
	if server.settings["CGO_ENABLED"] != "1" {
		found = append(found, Finding{
			What: fmt.Sprintf("%s is built without cgo and cannot open any plugin", server.File),
			Fix:  "build the server with CGO_ENABLED=1, or take the official one",
			Says: msgNotImplemented,
		})
	}
	return found
}

// Fault describes what a server does wrong with every plugin it opens; "" if no such fault is
// known.
func Fault(server *Program) string {
	release, _, _ := strings.Cut(server.Info.GoVersion, " ") // the name of an experiment may follow
	if version.Compare(release, "go1.27") < 0 || version.Compare(release, "go1.27.2") >= 0 {
		return ""
	}
	return release + " has a fault (golang/go#81303): once a plugin is open, conversions between types may fail in the server and in the plugin, " +
		"\"types from different scopes\". Take a server that is built with Go 1.27.2 or newer, and a plugin for it: make plugin SERVER=" + server.File
}

// Compare lists every reason why the server will not open the plugin. A module in both files
// must have the same version, even if they share no package of it.
func Compare(server, plugin *Program) []Finding {
	rebuild := "build it for this server: make plugin SERVER=" + server.File
	var found []Finding
	differ := func(what, inServer, inPlugin, fix, says string) {
		if inServer != inPlugin {
			found = append(found, Finding{fmt.Sprintf("%s: the server has %s, the plugin has %s", what, orNone(inServer), orNone(inPlugin)), fix, says})
		}
	}
	if mode := plugin.settings["-buildmode"]; mode != "plugin" {
		return []Finding{{
			What: fmt.Sprintf("%s is not a plugin: it is built with -buildmode=%s", plugin.File, orNone(mode)),
			Fix:  rebuild, Says: loaderMessage(plugin),
		}}
	}
	if server.Platform() != plugin.Platform() {
		differ("platform", server.Platform(), plugin.Platform(), "take the plugin of the server's platform, or "+rebuild+" on a machine of that platform", loaderMessage(plugin))
		return found // the operating system refuses the file before Go compares anything
	}
	differ("Go", server.Info.GoVersion, plugin.Info.GoVersion, rebuild, msgOtherVersion)
	for _, flag := range []string{"-trimpath", "-race", "-msan", "-asan", "-tags", "GOEXPERIMENT", "GOFIPS140"} {
		differ(flag, server.settings[flag], plugin.settings[flag], rebuild, msgOtherVersion)
	}
	differ("-gcflags for all packages", gcflagsForAll(server.settings["-gcflags"]), gcflagsForAll(plugin.settings["-gcflags"]), rebuild, msgOtherVersion)
	for _, module := range slices.Sorted(maps.Keys(plugin.modules)) {
		if contained, shared := server.modules[module]; shared {
			differ("module "+module, contained, plugin.modules[module], rebuild, msgOtherVersion)
		}
	}
	if len(found) == 0 {
		found = differentBuilds(server, plugin, rebuild)
	}
	if version.Lang(server.Info.GoVersion) != version.Lang(plugin.Info.GoVersion) {
		for i := range found {
			found[i].Says = msgNoModuleData // plugin.Open reaches this error first
		}
	}
	return found
}

// SameFile is the finding that one plugin's file has two names below the directory of plugins.
func SameFile(a, b string) Finding {
	return Finding{
		What: fmt.Sprintf("%s and %s are the same plugin, one file with two names", a, b),
		Fix:  "keep one name; put the versions outside of the directory, and only the link inside",
	}
}

// CompareTogether lists the reasons why one server cannot open both plugins.
func CompareTogether(a, b *Program) []Finding {
	var found []Finding
	if path := a.Info.Path; path == b.Info.Path && path != "command-line-arguments" { // go build gives these different paths itself
		found = append(found, Finding{
			What: fmt.Sprintf("%s and %s are the same plugin, %s", a.File, b.File, path),
			Fix:  "keep one of them; the server opens the first and refuses the second",
			Says: msgAlreadyLoaded,
		})
	}
	for _, module := range slices.Sorted(maps.Keys(a.modules)) {
		if other, shared := b.modules[module]; shared && other != a.modules[module] {
			found = append(found, Finding{
				What: fmt.Sprintf("module %s: %s has %s, %s has %s", module, a.File, a.modules[module], b.File, other),
				Fix:  "build both plugins with one version of it; the server opens the first and refuses the second",
				Says: msgOtherVersion,
			})
		}
	}
	if len(found) == 0 {
		found = differentBuilds(a, b, "build both from one place, with the same Go and flags")
	}
	return found
}

// differentBuilds finds packages that are in both files with the same version but from different builds.
func differentBuilds(a, b *Program, fix string) []Finding {
	for _, name := range slices.Sorted(maps.Keys(a.packages)) {
		if other, shared := b.packages[name]; shared && other != a.packages[name] {
			return []Finding{{
				What: fmt.Sprintf("package %s: %s and %s contain two builds of it", name, a.File, b.File),
				Fix:  fix, Says: msgOtherVersion,
			}}
		}
	}
	return nil
}

// gcflagsForAll returns -gcflags if they apply to packages beyond the one on the command line. Flags
// without a pattern concern the main package alone, and plugin and server do not share that.
func gcflagsForAll(gcflags string) string {
	pattern, _, ok := strings.Cut(gcflags, "=")
	if !ok || strings.HasPrefix(pattern, "-") {
		return ""
	}
	return gcflags
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}
