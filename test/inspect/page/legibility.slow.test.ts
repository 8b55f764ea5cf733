import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { activePaths } from '../../../src/inspect/page/data/stateValue.js'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'

/** To evaluate in the page: the height of the smallest text of the chart in px, and the pairs of overlapping texts. */
const LEGIBLE = `(() => {
  const texts = [...document.querySelectorAll('.canvas svg text')]
  const heights = texts.map(it => parseFloat(getComputedStyle(it).fontSize) * it.getScreenCTM().a)
  const boxes = texts.map(it => ({ text: it.textContent, box: it.getBoundingClientRect() }))
  const isOverlapping = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4
  const overlapping = boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => isOverlapping(a.box, b.box)).map(b => [a.text, b.text]))
  return { smallest: Math.min(...heights), overlapping }
})()`

inBrowser('A chart', browser => {
  const definitions = new Definitions(value => value)
  const at = (sessionId: string) => ({ sessionId, createdAt: '1' })
  const actor = ({ config, id }: AnyStateMachine, value: unknown) => ({
    ...at(id),
    type: '@xstate.actor',
    name: id,
    definition: definitions.jsonOf(config, id),
    snapshot: { value },
  })

  it.each([
    [aggregateMachine, { running: 'settled' }],
    [versionMachine, 'running'],
    [supervisorMachine, 'idle'],
    [connectionMachine, 'uninitialized'],
  ])('of our own has no text below 9 px and no overlapping texts: $id', async (machine, value) => {
    const { server, page } = await openPage(browser())
    server.send(actor(machine, value))
    await page.locator('.canvas .state.active').first().waitFor()
    const { smallest, overlapping } = await page.evaluate<{ smallest: number; overlapping: string[][] }>(LEGIBLE)
    expect(overlapping).toEqual([])
    expect(smallest).toBeGreaterThanOrEqual(9)
  })

  it('that is too large to be readable moves to the active state', async () => {
    const { server, page } = await openPage(browser())
    await page.emulateMedia({ reducedMotion: 'reduce' })
    server.send(actor(supervisorMachine, 'idle'))
    const active = page.locator('.canvas .state.active').last()
    await active.waitFor()
    for (const value of [{ stopping: 'killing' }, 'gaveUp', { up: 'pinging' }, 'stopped']) {
      server.send({ ...at('supervisor'), type: '@xstate.snapshot', event: { type: 'go' }, snapshot: { value } })
      const path = activePaths(value).at(-1)
      await page.locator(`.canvas .state.active[data-state="${path}"]`).waitFor()
      const [box, view] = await Promise.all([active.boundingBox(), page.locator('.canvas').boundingBox()])
      if (box === null || view === null) throw new Error('not shown')
      expect(box.x).toBeGreaterThanOrEqual(view.x)
      expect(box.y).toBeGreaterThanOrEqual(view.y)
      expect(box.x + box.width).toBeLessThanOrEqual(view.x + view.width)
      expect(box.y + box.height).toBeLessThanOrEqual(view.y + view.height)
    }
  })
})
