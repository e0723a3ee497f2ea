package streamsql

func geoFuncs() map[string]scalarFunc { return nil }
