#!/usr/bin/env node
// Runs the program of the package for this system. Signals go to the program,
// which ends in its own time; its exit code is this one's.
'use strict'
const { spawn } = require('node:child_process')

const name = `lazuli-${process.platform}-${process.arch}`
let program
try {
  program = require.resolve(`${name}/bin/lazuli${process.platform === 'win32' ? '.exe' : ''}`)
} catch {
  console.error(`lazuli: the package ${name} is not installed.
It comes with lazuli as an optional dependency; was npm told to leave those out
(--omit=optional, --no-optional), or were node_modules copied from another system?
Try: npm install --include=optional lazuli
If there is no such package, there is no program for this system.`)
  process.exit(1)
}

// What the program says to type is what was typed.
const LAZULI_COMMAND = process.env.npm_command === 'exec' ? 'npx lazuli' : 'lazuli'
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit', env: { ...process.env, LAZULI_COMMAND } })
// A terminal sends Ctrl-C to the program too; others may send it here alone.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
process.on('SIGTERM', () => child.kill('SIGTERM'))
process.on('SIGHUP', () => child.kill('SIGHUP'))
child.on('error', (e) => {
  console.error(`lazuli: ${program} cannot be run: ${e.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
