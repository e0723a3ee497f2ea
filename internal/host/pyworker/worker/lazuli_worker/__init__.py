"""Runs the functions of a Python app for Lazuli.

It needs nothing but the standard library and the app's own azure-functions
package, which says what the app declares and turns data into its types. The
host is spoken to over a socket (wire.py); standard output is the app's.

    main.py     start, what the host asks for, the end
    model.py    finds an app's functions: function_app.py, or function.json
    checks.py   holds a function against its bindings
    invoke.py   runs one
    values.py   data as it travels, and as azure-functions has it
    context.py  what a function may ask about its invocation
    logs.py     logging records on their way to the host
    faults.py   errors in words
    streams.py  HTTP streaming, for apps with a web extension
"""
