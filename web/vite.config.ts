import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

import { compiled, together } from './chunks.plugin.ts'
import { icons, pages } from './icons.plugin.ts'
import { licences } from './licences.plugin.ts'

// The bundle is committed, so it must come out the same on every machine: no
// dates, no absolute paths, and nothing inlined that the content-security
// policy would refuse (data: URLs).
export default defineConfig({
  plugins: [
    svelte(),
    icons(),
    pages(),
    compiled(),
    licences('pretendard', '@fontsource/jetbrains-mono', 'lucide-static', '@dagrejs/dagre'),
  ],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    target: 'es2022',
    rolldownOptions: {
      output: {
        codeSplitting: { groups: together() },
        // A page's chunk is called as the page is, so that its size can be told.
        chunkFileNames: ({ facadeModuleId }) =>
          `assets/${/pages\/(\w+)\/Page\.svelte/.exec(facadeModuleId ?? '')?.[1] ?? '[name]'}-[hash].js`,
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/v1.0': 'http://127.0.0.1:8080' } },
})
