package deploy

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/project"
)

// goProgram is what a Go app's program is called in the zip.
const goProgram = "app"

// forAzure is the environment in which a program is compiled for where Azure runs it.
// Paths of this machine stay out of it.
func forAzure() []string {
	return append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -trimpath"))
}

// prepare makes, in the folder made, what is in no app's folder but in its zip.
func (f *folder) prepare(ctx context.Context, made string) error {
	switch {
	case f.kind == project.Go:
		return f.prepareGo(ctx, made)
	case f.goCode:
		executable := f.config.CustomHandler.Executable
		if filepath.IsAbs(executable) || !filepath.IsLocal(executable) {
			return nil // check refuses it
		}
		return project.Build(ctx, f.dir, filepath.Join(made, filepath.FromSlash(executable)), forAzure())
	}
	return nil
}

// prepareGo compiles the program for Azure, and lets one for this machine write the
// files of a custom handler.
func (f *folder) prepareGo(ctx context.Context, made string) error {
	program := filepath.Join(made, goProgram)
	if err := project.Build(ctx, f.dir, program, forAzure()); err != nil {
		return err
	}
	writer := program
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		own, err := os.MkdirTemp("", "lazuli-pack-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(own)
		writer = filepath.Join(own, goProgram+".exe")
		if err := project.Build(ctx, f.dir, writer, os.Environ()); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(f.dir, hostjson.File))
	if err == nil {
		err = os.WriteFile(filepath.Join(made, hostjson.File), text, 0o644)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	cmd := exec.CommandContext(ctx, writer, "gen", "-dir", made, "-exe", goProgram)
	cmd.Dir = f.dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fault.New(fault.Invalid, f.dir, "the program does not write what Azure needs of it (its verb gen): %v\n%s", err, strings.TrimSpace(said.String()))
	}
	f.notes = append(f.notes, "the app goes as a custom handler: set FUNCTIONS_WORKER_RUNTIME to custom")
	return nil
}

// check holds the files against what Azure needs of the kind of app.
func (f *folder) check(files []entry) ([]entry, error) {
	if !has(files, hostjson.File) {
		return nil, fault.New(fault.Invalid, f.dir, "host.json would not be in the zip; take it out of %s", ignoreFile)
	}
	switch f.kind {
	case project.Python:
		f.checkPython(files)
	case project.Node:
		return files, f.checkNode(files)
	case project.Custom:
		return f.checkCustom(files)
	case project.Go:
	}
	return files, nil
}

func (f *folder) checkPython(files []entry) {
	switch {
	case hasBelow(files, ".python_packages"):
		f.notes = append(f.notes, "the packages in .python_packages go along: Azure installs none")
	case has(files, "requirements.txt"):
		f.notes = append(f.notes, "there is no .python_packages, so Azure has to install requirements.txt: deploy with --build-remote true")
	default:
		f.notes = append(f.notes, "there is neither requirements.txt nor .python_packages: the app has to do without packages")
	}
}

// checkNode wants the code that package.json names, and the packages that it asks for.
func (f *folder) checkNode(files []entry) error {
	text, err := os.ReadFile(filepath.Join(f.dir, "package.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // functions in folders
	}
	if err != nil {
		return err
	}
	var p struct {
		Main         string
		Dependencies map[string]string
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return fault.Wrap(fault.Invalid, filepath.Join(f.dir, "package.json"), err, "read the package")
	}
	var missing []string
	for name := range p.Dependencies {
		if !has(files, "node_modules/"+name+"/package.json") {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return fault.New(fault.Invalid, f.dir, "node_modules has not %s, which package.json asks for; run npm install first, and keep node_modules out of %s", strings.Join(missing, ", "), ignoreFile)
	}
	if p.Main == "" || slices.ContainsFunc(files, func(e entry) bool { return mainMatches(p.Main, e.name) }) {
		return nil
	}
	return fault.New(fault.Invalid, f.dir, "no file is what \"main\" of package.json names: %s; of an app in TypeScript, run npm run build first", p.Main)
}

// mainMatches reports whether a file is one that main names, which may hold * and
// {a,b}.
func mainMatches(main, name string) bool {
	main = strings.TrimPrefix(main, "./")
	open, shut := strings.IndexByte(main, '{'), strings.IndexByte(main, '}')
	if open >= 0 && shut > open {
		return slices.ContainsFunc(strings.Split(main[open+1:shut], ","), func(one string) bool {
			return mainMatches(main[:open]+one+main[shut+1:], name)
		})
	}
	names, err := pattern("/" + main)
	return err == nil && (names.MatchString(name) || names.MatchString(strings.TrimSuffix(name, ".js")))
}

// checkCustom wants the program of a custom handler to be one that Azure can run, and
// lets it run.
func (f *folder) checkCustom(files []entry) ([]entry, error) {
	executable := path.Clean(filepath.ToSlash(f.config.CustomHandler.Executable))
	i := slices.IndexFunc(files, func(e entry) bool { return e.name == executable })
	if i < 0 {
		if strings.Contains(executable, "/") {
			return nil, fault.New(fault.NotFound, f.dir, "the program of the custom handler, %s, is not in the zip; build it for linux/amd64 first", executable)
		}
		if _, err := os.Stat(filepath.Join(f.dir, executable)); err == nil {
			return nil, fault.New(fault.Invalid, f.dir, "the program of the custom handler, %s, stays out by %s", executable, ignoreFile)
		}
		f.notes = append(f.notes, fmt.Sprintf("the custom handler's program %s is not in the folder: Azure has to have it on its PATH", executable))
		return files, nil
	}
	if err := runsOnAzure(files[i].path); err != nil {
		return nil, fault.New(fault.Invalid, filepath.Join(f.dir, executable), "it is no program that Azure can run: %v; build it for linux/amd64", err)
	}
	files[i].exec = true
	return files, nil
}

// runsOnAzure refuses what is neither a program for linux/amd64 nor a script.
func runsOnAzure(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	first := make([]byte, 2)
	if n, _ := in.ReadAt(first, 0); n == 2 && string(first) == "#!" {
		return nil
	}
	program, err := elf.NewFile(in)
	if err != nil {
		return errors.New("it is not an ELF file, as programs of Linux are")
	}
	if program.Machine != elf.EM_X86_64 || program.Class != elf.ELFCLASS64 {
		return fmt.Errorf("it is for %s", program.Machine)
	}
	return nil
}
