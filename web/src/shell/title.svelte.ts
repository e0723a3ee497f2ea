// The title of the tab: of what is shown, of the page, of the project.

export const shown = $state({ title: '' })

export function title(text: string) {
  shown.title = text
}
