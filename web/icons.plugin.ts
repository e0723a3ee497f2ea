// The icons of the portal, as what stands inside an <svg> of each: those of
// shell/icons.ts that occur in quotes somewhere in the sources. `import drawings
// from 'virtual:icons'` is them by name. They are in the script, because a page of
// sixty icons that refers to a file of symbols sixty times is shown later.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin, Rolldown } from 'vite'

const src = join(import.meta.dirname, 'src')
const list = join(src, 'shell/icons.ts')
const drawings = join(import.meta.dirname, 'node_modules/lucide-static/icons')

function* sources(dir: string): Generator<string> {
  for (const name of readdirSync(dir).sort()) {
    const at = join(dir, name)
    if (statSync(at).isDirectory()) yield* sources(at)
    else if (/\.(ts|svelte)$/.test(name) && at !== list) yield readFileSync(at, 'utf8')
  }
}

const quoted = /(['"`])([a-z0-9-]+)\1/g
const words = (text: string) => [...text.matchAll(quoted)].map((m) => m[2])

function drawing(name: string): string {
  const file = readFileSync(join(drawings, name + '.svg'), 'utf8')
  const inner = file.slice(file.indexOf('>', file.indexOf('<svg')) + 1, file.indexOf('</svg>'))
  return inner.replace(/\s*\n\s*/g, '').replace(/ \/>/g, '/>')
}

function used(): Record<string, string> {
  const quotes = new Set([...sources(src)].flatMap(words))
  const names = words(readFileSync(list, 'utf8')).filter((name) => quotes.has(name))
  return Object.fromEntries(names.map((name) => [name, drawing(name)]))
}

export function icons(): Plugin {
  const id = '\0virtual:icons'
  return {
    name: 'icons',
    resolveId: (name) => (name === 'virtual:icons' ? id : undefined),
    load: (at) => (at === id ? 'export default ' + JSON.stringify(used()) : undefined),
  }
}

// pages writes what the server has to know of the pages: a line for each, its
// address's first segment ("/" is that of the start) and the files that it needs
// beside those of the shell. The server answers 404 to other segments, and names
// the files in the head of what it answers, so that a page's script is on its way
// before the shell's has run.
export function pages(): Plugin {
  return {
    name: 'pages',
    apply: 'build',
    generateBundle(_, bundle) {
      const scripts = Object.values(bundle).filter((part) => part.type === 'chunk')
      const needs = (script: Rolldown.OutputChunk, all = new Set<string>()) => {
        if (all.has(script.fileName)) return all
        all.add(script.fileName)
        for (const name of script.imports) needs(bundle[name] as Rolldown.OutputChunk, all)
        for (const style of script.viteMetadata?.importedCss ?? []) all.add(style)
        return all
      }
      const shell = needs(scripts.find((part) => part.isEntry)!)
      const line = (name: string) => {
        const page = scripts.find((part) => part.moduleIds.includes(join(src, 'pages', name, 'Page.svelte')))!
        const files = [...needs(page)].filter((file) => !shell.has(file))
        return [name === 'overview' ? '/' : name, ...files].join(' ')
      }
      const names = readdirSync(join(src, 'pages')).filter((n) => statSync(join(src, 'pages', n)).isDirectory())
      this.emitFile({ type: 'asset', fileName: 'pages.txt', source: names.sort().map(line).join('\n') + '\n' })
    },
  }
}
