import type { ViewModel } from '../data/index.js'

/** The shortcuts of the whole page: `/` to search, Space to pause, Escape to end the search. */
export function listenToKeys(page: Document, view: ViewModel): void {
  page.addEventListener('keydown', event => {
    const target = event.target instanceof HTMLElement ? event.target : page.body
    const search = page.getElementById('search')
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape' && target === search) {
      view.set({ search: '' })
      page.getElementById('log')?.focus()
    } else if (event.key === '/' && target !== search) {
      search?.focus()
      event.preventDefault()
    } else if (event.key === ' ' && target.closest('input, button, select') === null) {
      view.togglePause()
      event.preventDefault()
    }
  })
}
