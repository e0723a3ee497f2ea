import { mount } from 'svelte'
import './fonts.css'
import './app.css'
import App from './App.svelte'

const target = document.getElementById('app')!
target.replaceChildren() // what index.html shows until now
export default mount(App, { target })
