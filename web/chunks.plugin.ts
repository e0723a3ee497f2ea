// Which scripts are one file. A request costs a slow machine more than its bytes
// do: what the shell runs is one file, what most pages run is one, with all that is
// small, and the rest is a file for each set of pages that run it.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin, Rolldown } from 'vite'

const most = 5 // pages that run it
const small = 6_000 // letters of a script

const src = join(import.meta.dirname, 'src')

// together is the files that modules are put into.
export function together(): Rolldown.CodeSplittingGroup[] {
  let shell: Set<string> | undefined
  const pages = new Map<string, Set<string>>()
  const find = (context: Rolldown.ChunkingContext) => {
    const reach = (from: string, all = new Set<string>()) => {
      if (all.has(from)) return all
      all.add(from)
      for (const next of context.getModuleInfo(from)?.importedIds ?? []) reach(next, all)
      return all
    }
    for (const name of readdirSync(join(src, 'pages'))) pages.set(name, reach(join(src, 'pages', name, 'Page.svelte')))
    return reach(join(src, 'main.ts')).add('\0rolldown/runtime.js')
  }
  const file = (id: string, context: Rolldown.ChunkingContext) => {
    shell ??= find(context)
    if (shell.has(id)) return 'shell'
    const by = [...pages].flatMap(([name, all]) => (all.has(id) ? [name] : []))
    const tiny = (context.getModuleInfo(id)?.code?.length ?? 0) < small
    if (by.length >= most || (by.length > 1 && tiny)) return 'parts'
    return by.join('-') || null
  }
  // What a module needs goes with it where it is in no file yet: so the files that
  // more pages need come first.
  const rank = (name: string) => (name === 'shell' ? 100 : name === 'parts' ? 50 : name.split('-').length)
  const ranks = [100, 50, ...Array.from({ length: most - 1 }, (_, i) => most - 1 - i)]
  return ranks.map((priority) => ({
    debugName: 'rank ' + priority,
    priority,
    name: (id, context) => {
      const its = file(id, context)
      return its && rank(its) === priority ? its : null
    },
  }))
}

// compiled marks the scripts of which nearly all runs at once, so that the browser
// compiles them beside the page while they load, and not function by function when
// each is called. The mark counts only before everything else in a file, also
// before what Vite itself puts there: so it comes last.
export function compiled(): Plugin {
  return {
    name: 'compiled',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const part of Object.values(bundle))
          if (part.type === 'chunk' && /^(shell|parts)$/.test(part.name))
            part.code = '//# allFunctionsCalledOnLoad\n' + part.code
      },
    },
  }
}
