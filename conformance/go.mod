module github.com/lazuli-dev/lazuli/conformance

go 1.26.0
