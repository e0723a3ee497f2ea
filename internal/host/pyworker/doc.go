// Package pyworker runs Python function apps: it finds an interpreter, makes a
// virtual environment with the packages of requirements.txt when there is none,
// and starts a worker of ours in it (worker/, in Python, embedded here), which
// needs only the app's own azure-functions package.
//
//	interpreter   the app's .venv or venv │ VIRTUAL_ENV │ the setting
//	              languageWorkers__python__defaultExecutablePath │ python3
//	packages      those of a virtual environment of the user, as they are │
//	              .python_packages │ requirements.txt, installed by us
//
// A virtual environment of ours is kept by the interpreter and the text of the
// requirements: when both are as before nothing is run, and no network is needed.
package pyworker
