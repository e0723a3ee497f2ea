// The gallery of the parts, built anew and served under the portal's own policy.
import { createServer } from 'node:http'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { build } from 'vite'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

// policy is what the portal answers with, read from its source, so that the
// parts are held to the same.
async function policy() {
  const source = await readFile(join(import.meta.dirname, '../../../internal/portal/guard.go'), 'utf8')
  return [...source.matchAll(/"((?:default|style|img|frame|base|form|object|script|connect|worker|font)-[^"]*)"/g)]
    .map((m) => m[1])
    .join(' ')
}

export async function serveGallery() {
  const dir = process.env.GALLERY ?? (await mkdtemp(join(tmpdir(), 'lazuli-gallery-')))
  if (!process.env.GALLERY)
    await build({ configFile: join(import.meta.dirname, 'vite.config.ts'), logLevel: 'error', build: { outDir: dir } })
  const csp = await policy()
  if (!csp.includes("default-src 'self'")) throw new Error('no policy found in guard.go: ' + csp)
  const server = createServer(async (request, reply) => {
    const path = new URL(request.url, 'http://x').pathname
    const file = extname(path) ? path : '/index.html'
    try {
      const body = await readFile(join(dir, file))
      reply.writeHead(200, { 'Content-Type': types[extname(file)], 'Content-Security-Policy': csp })
      reply.end(body)
    } catch {
      reply.writeHead(404).end()
    }
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    dir,
    url: `http://127.0.0.1:${server.address().port}/gallery`,
    async stop() {
      server.close()
      server.closeAllConnections()
      if (!process.env.GALLERY) await rm(dir, { recursive: true, force: true })
    },
  }
}
