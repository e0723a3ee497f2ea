package settings

import "strings"

// Given is the variable in which lazuli env and lazuli exec name the connections of
// function apps that they set, with commas between.
const Given = "LAZULI_GIVEN"

// Yield takes from an environment the connections that lazuli gave to it and that an app
// has with an identity of its own, in the layers below: they are for apps that have none.
// What a person puts into the environment stays, and counts more.
func Yield(environ map[string]string, own ...map[string]string) {
	names := strings.Split(environ[Given], ",")
	delete(environ, Given)
	below := New(own...)
	for _, name := range names {
		if name == "" {
			continue
		}
		if _, has := below.Lookup(name); has {
			continue
		}
		for _, keys := range serviceKeys {
			for _, step := range keys.endpoints {
				if below.Get(name+":"+step) != "" {
					delete(environ, name)
				}
			}
		}
	}
}
