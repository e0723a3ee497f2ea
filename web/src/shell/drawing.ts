import drawings from 'virtual:icons'

const read = new Map<string, DocumentFragment>()

// drawing is what stands inside the <svg> of an icon: read once, then copied.
export function drawing(name: string): DocumentFragment {
  let it = read.get(name)
  if (!it) {
    const page = document.createElement('template')
    page.innerHTML = '<svg>' + (drawings[name] ?? '') + '</svg>'
    it = document.createDocumentFragment()
    it.append(...page.content.firstChild!.childNodes)
    read.set(name, it)
  }
  return it.cloneNode(true) as DocumentFragment
}
