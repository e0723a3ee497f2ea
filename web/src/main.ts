import { mount } from 'svelte'
import './fonts.css'
import './app.css'
import App from './App.svelte'
import { current } from './shell/here.svelte'
import { load } from './shell/loaded'

const target = document.getElementById('app')!
const enough = 1000 // milliseconds

// The page's script is on its way already (its address is in the head): shown
// together, the shell and the page are laid out and painted once.
async function start() {
  await Promise.race([
    current.page && load(current.page).catch(() => {}), // it is told where the page would be
    new Promise((done) => setTimeout(done, enough)),
  ])
  target.replaceChildren() // what index.html shows until now
  mount(App, { target })
}
void start()
