// Package azcli answers as the Azure command line does, for machines that have no
// az: a script that calls `az functionapp restart` finds a program of that name
// under `lazuli exec`. It answers the calls of one table (commands), with az's
// exit statuses, its output formats and --query, and refuses every other call by
// name. It talks to one running lazuli alone, over the same requests as az, and
// never to Azure.
//
// Results have the shapes of azure-cli 2.91, which the goldens in internal/cli's
// testdata were recorded from. What is not there: help pages, defaults and
// configuration (`az configure`), extensions, --ids, and waiting flags.
package azcli
