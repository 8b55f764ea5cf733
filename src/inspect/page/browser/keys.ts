import type { Viewer } from '../data/viewModel.js'

/** The keys that work everywhere: `/` to search, space to pause, Escape to leave the search. */
export function listenToKeys(page: Document, viewer: Viewer): void {
  page.addEventListener('keydown', event => {
    const target = event.target instanceof HTMLElement ? event.target : page.body
    const search = page.getElementById('search')
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape' && target === search) {
      viewer.set({ search: '' })
      page.getElementById('log')?.focus()
    } else if (event.key === '/' && target !== search) {
      search?.focus()
      event.preventDefault()
    } else if (event.key === ' ' && target.closest('input, button, select') === null) {
      viewer.togglePause()
      event.preventDefault()
    }
  })
}
