// The icons of the portal as one SVG file of symbols: those of shell/icons.ts
// that occur in quotes somewhere in the sources. `import url from
// 'virtual:icons'` is its address.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

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

function symbol(name: string): string {
  const drawing = readFileSync(join(drawings, name + '.svg'), 'utf8')
  const inner = drawing.slice(drawing.indexOf('>', drawing.indexOf('<svg')) + 1, drawing.indexOf('</svg>'))
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '').replace(/ \/>/g, '/>')}</symbol>`
}

function sprite(): string {
  const used = new Set([...sources(src)].flatMap(words))
  const names = words(readFileSync(list, 'utf8')).filter((name) => used.has(name))
  return `<svg xmlns="http://www.w3.org/2000/svg">${names.map(symbol).join('')}</svg>`
}

export function icons(): Plugin {
  const id = '\0virtual:icons'
  let serves = false
  return {
    name: 'icons',
    configResolved: (c) => void (serves = c.command === 'serve'),
    resolveId: (name) => (name === 'virtual:icons' ? id : undefined),
    load(at) {
      if (at !== id) return
      if (serves) return "export default '/virtual-icons.svg'"
      const file = this.emitFile({ type: 'asset', name: 'icons.svg', source: sprite() })
      return `export default import.meta.ROLLUP_FILE_URL_${file}`
    },
    configureServer(server) {
      server.middlewares.use('/virtual-icons.svg', (_, reply) => {
        reply.setHeader('Content-Type', 'image/svg+xml')
        reply.end(sprite())
      })
    },
  }
}

// pages writes the first segments of the pages' addresses for the server, which
// answers 404 to others.
export function pages(): Plugin {
  return {
    name: 'pages',
    apply: 'build',
    generateBundle() {
      const all = readdirSync(join(src, 'pages')).filter(
        (n) => statSync(join(src, 'pages', n)).isDirectory() && n !== 'overview',
      )
      this.emitFile({ type: 'asset', fileName: 'pages.txt', source: all.sort().join('\n') + '\n' })
    },
  }
}
