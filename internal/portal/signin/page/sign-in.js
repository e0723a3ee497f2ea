// Language and theme as the portal keeps them in this browser; the page works
// without this too. What stands after # goes along, so that signing in leads to
// the page that was asked for.
(() => {
  const root = document.documentElement
  const kept = (key) => { try { return localStorage.getItem(key) } catch { return null } }
  const keep = (key, value) => { try { localStorage.setItem(key, value) } catch { /* until the page is closed */ } }
  const choose = { lang: (v) => (root.lang = v), theme: (v) => (root.dataset.theme = v) }
  const lang = kept('lazuli.lang')
  const theme = kept('lazuli.theme')
  if (lang === 'en' || lang === 'ko') choose.lang(lang)
  choose.theme(theme === 'dark' || theme === 'light' ? theme : matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark')
  document.addEventListener('DOMContentLoaded', () => {
    const buttons = [...document.querySelectorAll('.switch button')]
    const show = () => buttons.forEach((b) => b.setAttribute('aria-pressed', String(b.dataset.lang ? b.dataset.lang === root.lang : b.dataset.theme === root.dataset.theme)))
    for (const b of buttons) {
      b.addEventListener('click', () => {
        const what = b.dataset.lang ? 'lang' : 'theme'
        choose[what](b.dataset[what])
        keep('lazuli.' + what, b.dataset[what])
        show()
      })
    }
    show()
    const form = document.querySelector('form')
    if (form && location.hash) form.action += location.hash
  })
})()
