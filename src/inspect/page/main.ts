/**
 * The script of the page, and of its worker: the same file, so that there is only one to serve. In a worker it runs
 * elkjs.
 */
import './page.css'
import { start } from './app.js'
import { loadElk } from './chart/index.js'

if (typeof document === 'undefined') {
  void loadElk()
} else {
  const root = document.getElementById('page')
  if (root !== null) start(root)
}
