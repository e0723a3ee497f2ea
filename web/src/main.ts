import { mount } from 'svelte'
import 'uplot/dist/uPlot.min.css'
import App from './App.svelte'
import './app.css'

const target = document.getElementById('app')!
target.replaceChildren() // what index.html shows until now
export default mount(App, { target })
