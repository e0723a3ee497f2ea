package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// RunJava is Runner.RunJava, with nothing between.
func RunJava(t *testing.T, name, folder string, env []string) ([]Result, bool) {
	t.Helper()
	return Runner{Env: env}.RunJava(t, name, folder)
}

// RunJava compiles the *.java files of a folder, runs the tests of its
// *Test.java files in one JVM (runner/Run.java says what a test is) and returns
// their results. The folder has a pom.xml with pinned packages; it is copied to
// out/<name>, where Maven puts them once per pom.xml. It returns false, after
// Missing, when a JDK, Maven or the registry is not to be had.
func (r Runner) RunJava(t *testing.T, name, folder string) ([]Result, bool) {
	t.Helper()
	var paths [3]string
	for i, tool := range [...]string{"java", "javac", "mvn"} {
		var ok bool
		if paths[i], ok = Tool(t, tool); !ok {
			return nil, false
		}
	}
	java, javac, mvn := paths[0], paths[1], paths[2]
	work := workFolder(t, name, folder, "Run.java")
	packages, ok := javaPackages(t, work, mvn)
	if !ok {
		return nil, false
	}
	sources, err := filepath.Glob(filepath.Join(work, "*.java"))
	if err != nil {
		t.Fatal(err)
	}
	classes := filepath.Join(work, "classes")
	if err := os.RemoveAll(classes); err != nil {
		t.Fatal(err)
	}
	compile := exec.Command(javac, append([]string{"--release", "17", "-d", classes, "-cp", packages}, sources...)...)
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, text)
	}
	// A suite is over before the optimising compiler pays off.
	args := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classes + string(os.PathListSeparator) + packages, "Run"}
	for _, source := range sources {
		if class, ok := strings.CutSuffix(filepath.Base(source), "Test.java"); ok {
			args = append(args, class+"Test")
		}
	}
	return r.run(t, work, java, args), true
}

// JavaPackages is the class path of the packages of a folder's pom.xml, which are put
// into out/<name>. It returns false, after Missing, when a JDK, Maven or the registry
// is not to be had.
func JavaPackages(t *testing.T, name, folder string) (classpath string, ok bool) {
	t.Helper()
	if _, ok = Tool(t, "java"); !ok {
		return "", false
	}
	mvn, ok := Tool(t, "mvn")
	if !ok {
		return "", false
	}
	return javaPackages(t, workFolder(t, name, folder, "Run.java"), mvn)
}

func javaPackages(t *testing.T, work, mvn string) (classpath string, ok bool) {
	t.Helper()
	install := exec.Command(mvn, "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=lib")
	return filepath.Join(work, "lib", "*"), installOnce(t, work, "pom.xml", "lib", install)
}
