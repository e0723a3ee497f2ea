// Addresses are kept after the #, so that a reload needs no server's help:
// #/hubs/telemetry_events is ['hubs', 'telemetry_events'].

function parse(): string[] {
  return location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)
}

export const route = $state({ path: parse() })
addEventListener('hashchange', () => (route.path = parse()))

export function href(...path: string[]): string {
  return '#/' + path.map(encodeURIComponent).join('/')
}

export function go(...path: string[]) {
  location.hash = href(...path)
}
