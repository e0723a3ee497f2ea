import { mount } from 'svelte'
import '../../src/fonts.css'
import '../../src/app.css'
import Gallery from './Gallery.svelte'

export default mount(Gallery, { target: document.getElementById('app')! })
