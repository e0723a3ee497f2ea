// Before the first paint: the viewer's theme, language and density.
;(() => {
  const kept = (key) => {
    try {
      return localStorage.getItem('lazuli.' + key)
    } catch {
      return null
    }
  }
  const root = document.documentElement
  root.dataset.theme = kept('theme') ?? (matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark')
  root.dataset.density = kept('density') ?? 'normal'
  root.lang = kept('lang') ?? (navigator.language.startsWith('ko') ? 'ko' : 'en')
})()
