// From a name in a ranking to the items behind it.

// exact is a term of the filter: a field that holds just this. A name that was cut holds
// what is left of it.
export function exact(field: string, value: string): string {
  const cut = value.endsWith('…')
  const text = (cut ? value.slice(0, -1) : value).replace(/[\\"]/g, '\\$&')
  return `${field}${cut ? ':' : '='}"${text}"`
}

// terms joins those that say something.
export const terms = (...all: (string | false | undefined)[]): string => all.filter(Boolean).join(' ')
