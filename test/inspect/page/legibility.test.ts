import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { activePaths } from '../../../src/inspect/page/data/stateValue.js'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'

/** How high the smallest text of the chart is, in px, and which texts lie upon others. */
const LEGIBLE = `(() => {
  const texts = [...document.querySelectorAll('.canvas svg text')]
  const heights = texts.map(it => parseFloat(getComputedStyle(it).fontSize) * it.getScreenCTM().a)
  const boxes = texts.map(it => ({ text: it.textContent, box: it.getBoundingClientRect() }))
  const isUpon = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4
  const upon = boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => isUpon(a.box, b.box)).map(b => [a.text, b.text]))
  return { smallest: Math.min(...heights), upon }
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
  ])('of our own has no text less than 9 px high, and none upon another: $id', async (machine, value) => {
    const { server, page } = await openPage(browser())
    server.send(actor(machine, value))
    await page.locator('.canvas .state.lit').first().waitFor()
    const { smallest, upon } = await page.evaluate<{ smallest: number; upon: string[][] }>(LEGIBLE)
    expect(upon).toEqual([])
    expect(smallest).toBeGreaterThanOrEqual(9)
  })

  it('that is too large to be read as a whole moves to where the active state is seen', async () => {
    const { server, page } = await openPage(browser())
    await page.emulateMedia({ reducedMotion: 'reduce' })
    server.send(actor(supervisorMachine, 'idle'))
    const lit = page.locator('.canvas .state.lit').last()
    await lit.waitFor()
    for (const value of [{ stopping: 'killing' }, 'gaveUp', { up: 'pinging' }, 'stopped']) {
      server.send({ ...at('supervisor'), type: '@xstate.snapshot', event: { type: 'go' }, snapshot: { value } })
      const path = activePaths(value).at(-1)
      await page.locator(`.canvas .state.lit[data-state="${path}"]`).waitFor()
      const [box, room] = await Promise.all([lit.boundingBox(), page.locator('.canvas').boundingBox()])
      if (box === null || room === null) throw new Error('not shown')
      expect(box.x).toBeGreaterThanOrEqual(room.x)
      expect(box.y).toBeGreaterThanOrEqual(room.y)
      expect(box.x + box.width).toBeLessThanOrEqual(room.x + room.width)
      expect(box.y + box.height).toBeLessThanOrEqual(room.y + room.height)
    }
  })
})
