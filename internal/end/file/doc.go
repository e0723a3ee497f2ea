// Package file is a file beside the project as a stream job reads and writes it:
// a table of reference data, JSON or CSV, or an output of lines.
package file
