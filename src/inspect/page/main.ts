/**
 * The script of the page, and of its worker: the same file, so that there is only one to serve. In a worker it runs
 * elkjs.
 */
import './page.css'
import { start } from './app.js'

const root = typeof document === 'undefined' ? null : document.getElementById('page')
if (root !== null) start(root)
