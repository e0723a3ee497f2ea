import { svelte } from '@sveltejs/vite-plugin-svelte'
import { join } from 'node:path'
import { defineConfig } from 'vite'
import { icons } from '../../icons.plugin.ts'

// The gallery is for the tests of the parts alone; nothing of it is shipped.
export default defineConfig({
  root: import.meta.dirname,
  publicDir: join(import.meta.dirname, '../../public'),
  plugins: [svelte({ configFile: join(import.meta.dirname, '../../svelte.config.js') }), icons()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022', emptyOutDir: true },
})
