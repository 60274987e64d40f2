package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"partyline/local/doctor"
)

const doctorUsage = `usage: partyline doctor --server FILE [--plugin FILE] [--modules DIR]

Says whether the server opens the plugin, or each plugin below DIR, before it is started:
every mismatch with its fix. The files are read, never run.

exit code: 0 nothing is in the way, 1 something is, 2 what the flags name cannot be read

flags:
`

// doctorCommand compares plugins with the server that should open them.
func doctorCommand(t *terminal, args []string) int {
	flags := t.flagSet("doctor", doctorUsage)
	server := flags.String("server", "", "program of the server, in the official image /nakama/nakama")
	plugin := flags.String("plugin", "", "plugin's file")
	modules := flags.String("modules", "", "directory of plugins, as runtime.path or a copy of an image's files")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 0 {
		return t.fail(fmt.Errorf("%q is one word too many; --help says what there is", flags.Arg(0)))
	}
	if *server == "" {
		return t.fail(errors.New("say which server: --server FILE, in the official image /nakama/nakama; --help says the rest"))
	}
	found, err := examine(t, *server, *plugin, *modules)
	if err != nil {
		fmt.Fprintln(t.err, "partyline:", err)
		return exitUsage
	}
	for _, f := range found {
		fmt.Fprintf(t.out, "\n%s\n  fix: %s\n", f.What, f.Fix)
	}
	if len(found) > 0 {
		fmt.Fprintf(t.out, "\n%d in the way.\n", len(found))
		if says := found[0].Says; says != "" {
			fmt.Fprintf(t.out, "Started all the same, the server would say:\n  %s\n", says)
		}
		return exitProblem
	}
	fmt.Fprintln(t.out, "Nothing is in the way.")
	return exitOK
}

// examine reads the files, prints what they are, and compares them.
func examine(t *terminal, server, plugin, modules string) ([]doctor.Finding, error) {
	s, err := doctor.Read(server)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(t.out, "server", s)
	if fault := doctor.Fault(s); fault != "" {
		fmt.Fprintln(t.out, "warning:", fault)
	}
	files, err := pluginFiles(plugin, modules)
	if err != nil {
		return nil, err
	}
	found := doctor.Server(s)
	var plugins []*doctor.Program
	for i, file := range files {
		if same := slices.IndexFunc(files[:i], func(f string) bool { return sameFile(f, file) }); same >= 0 {
			found = append(found, doctor.SameFile(files[same], file))
			continue
		}
		p, err := doctor.Read(file)
		switch {
		case err != nil && file == plugin:
			return nil, err
		case err != nil:
			found = append(found, doctor.Finding{What: err.Error(), Fix: "take it out of the directory; a server opens every .so there, and does not start if one is not a plugin"})
			continue
		}
		fmt.Fprintln(t.out, "plugin", p)
		found = append(found, doctor.Compare(s, p)...)
		for _, other := range plugins {
			found = append(found, doctor.CompareTogether(other, p)...)
		}
		plugins = append(plugins, p)
	}
	return found, nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// pluginFiles returns the plugin and the plugins below a directory. A directory without plugins
// is an error, because a check of nothing would look like a pass.
func pluginFiles(plugin, modules string) (files []string, err error) {
	if plugin != "" {
		files = append(files, plugin)
	}
	if modules == "" {
		return files, nil
	}
	before := len(files)
	err = filepath.WalkDir(modules, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".so" {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == before {
		err = fmt.Errorf("no plugin (.so) found below %s", modules)
	}
	if again := slices.IndexFunc(files[before:], func(f string) bool { return sameFile(plugin, f) }); again >= 0 { // --plugin names one of them
		files = slices.Delete(files, before+again, before+again+1)
	}
	return files, err
}
