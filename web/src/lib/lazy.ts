// A component that is loaded when it is first shown: a chunk of its own. What
// was loaded once is there at once.
export interface Lazy<C> {
  got?: C
  load: () => Promise<C>
}

export function lazy<C>(open: () => Promise<{ default: C }>): Lazy<C> {
  const it: Lazy<C> = { load: async () => (it.got ??= (await open()).default) }
  return it
}
