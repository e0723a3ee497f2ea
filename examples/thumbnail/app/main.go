// Command app is the function app of the thumbnail example: a picture that is
// uploaded to the container samples-workers gets a small copy of its own name in
// another container.
package main

import "github.com/lazuli-dev/lazuli/functions"

func main() { newApp().Main() }

// newApp registers the function. main and the tests use the same app.
func newApp() *functions.App {
	app := functions.New()
	small := &functions.BlobOutput{
		Path: "%TARGET_CONTAINER_NAME%/{name}", Connection: "STORAGE_CONNECTION_STRING",
	}
	app.Blob("thumbnail", functions.BlobTrigger{
		Path: "samples-workers/{name}", Connection: "STORAGE_CONNECTION_STRING",
	}, thumbnail(small), small)
	return app
}
