// Package nodeworker runs JavaScript and TypeScript function apps (programming
// model v4): it finds Node, installs the app's packages when some are missing,
// compiles TypeScript when what is compiled is older, and starts a worker of ours
// (worker/, in JavaScript, embedded here). The worker needs the app's own
// @azure/functions alone, for which it plays the module @azure/functions-core.
//
//	Node          the setting languageWorkers__node__defaultExecutablePath │ node
//	packages      those in node_modules, as they are │ npm, when some are missing
//	              or others than package-lock.json says
//	TypeScript    the script "build" of package.json, when the file that "main"
//	              names is missing or older than the sources
package nodeworker
