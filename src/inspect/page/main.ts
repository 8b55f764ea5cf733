/**
 * The script of the page, and of its worker: the same file, so that there is one to serve. In a worker it lays out
 * statecharts, and elkjs takes it from there.
 */
import './page.css'
import { start } from './app.js'

const root = typeof document === 'undefined' ? null : document.getElementById('page')
if (root !== null) start(root)
