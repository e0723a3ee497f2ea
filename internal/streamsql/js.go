package streamsql

type jsScript struct{ name string }
type jsRuntime struct{}
