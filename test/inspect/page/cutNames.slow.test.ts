import { expect, it } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'

/** To evaluate in the page: the texts that do not fit into their elements, with the title that says them as a whole. */
const CUT = `[...document.querySelectorAll('.app *')]
  .filter(it => it.children.length === 0 && it.clientWidth > 0 && it.scrollWidth > it.clientWidth)
  .map(it => ({
    text: it.textContent,
    ellipsis: getComputedStyle(it).textOverflow,
    title: it.closest('[title]')?.title ?? '',
  }))`

inBrowser('At 1280 × 800, a name that is too long', browser => {
  it.each(['Statechart', 'Sequence'])(
    'ends in an ellipsis and has a title with the whole of it, beside its state: %s',
    async view => {
      const { server, page } = await openPage(browser())
      const name =
        'aggregate of a very long name that nobody can read as a whole in any of the panels of this page at once'
      const value = 'aStateWithAVeryLongNameThatNobodyCanReadAsAWhole'.repeat(2)
      const at = { sessionId: 'a', createdAt: '1' }
      server.send({ ...at, type: '@xstate.actor', name, snapshot: { value } })
      server.send({ ...at, type: '@xstate.event', event: { type: name }, sourceId: 'a' })
      server.send({ ...at, type: '@xstate.snapshot', event: { type: name }, snapshot: { value: `${value}2` } })
      await page.locator('#log .row').first().waitFor()
      await page.getByRole('button', { name: view }).click()
      const cut = await page.evaluate<{ text: string; ellipsis: string; title: string }[]>(CUT)
      expect(cut.length).toBeGreaterThanOrEqual(4)
      for (const { text, ellipsis, title } of cut) {
        expect(ellipsis).toBe('ellipsis')
        expect(title).toContain(text.replace(/^→ |^aggregate /, ''))
      }
      const state = await page.locator('#tree .row .state').boundingBox()
      expect(state?.width).toBeGreaterThanOrEqual(40)
    },
  )
})
