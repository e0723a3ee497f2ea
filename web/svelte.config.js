import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    fragments: 'tree',
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1; axe
    // demands it), which the compiler's rule does not know.
    warningFilter: (w) => w.code !== 'a11y_no_noninteractive_tabindex',
  },
}
