// licences.json: the packages whose code or fonts are in the bundle, with their
// licences, sorted by name. The page of settings shows it, and `make dist` puts
// it into what people install.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Plugin } from 'vite'

const legal = /^((un)?licen[cs]e|copying|notice)/i

// folder is the package's that a module is of, or null for a module of our own.
function folder(id: string): string | null {
  const path = id.replace(/^\0/, '').split('?')[0]
  const at = path.lastIndexOf('/node_modules/')
  if (at < 0) return null
  const [first, second] = path.slice(at + '/node_modules/'.length).split('/')
  return path.slice(0, at) + '/node_modules/' + (first.startsWith('@') ? `${first}/${second}` : first)
}

function read(dir: string) {
  const { name, version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const text = [dir, join(dir, 'dist')]
    .flatMap((d) => (existsSync(d) ? readdirSync(d).map((f) => join(d, f)) : []))
    .filter((path) => legal.test(basename(path)))
    .map((path) => readFileSync(path, 'utf8').trim())
    .join('\n\n')
  if (!text || !license) throw new Error(`${name} is in the bundle and says nothing of its licence`)
  return { name, version, license, text }
}

// licences takes the packages of files that are in the bundle without being
// modules (fonts, icons that a script has made) or only in a worker's.
export function licences(...also: string[]): Plugin {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const found = new Set(also.map((name) => join(import.meta.dirname, 'node_modules', name)))
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const id of chunk.moduleIds) {
          const dir = folder(id)
          if (dir) found.add(dir)
        }
      }
      const all = [...found].map(read).sort((a, b) => (a.name < b.name ? -1 : 1))
      this.emitFile({ type: 'asset', fileName: 'licences.json', source: JSON.stringify(all) + '\n' })
    },
  }
}
