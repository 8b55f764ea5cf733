import { expect, it } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'
import { recordSwitch } from '../../fixtures/inspect/recordSwitch.js'
import { untilActive } from '../../fixtures/inspect/visit.js'

const actor = { type: '@xstate.actor', sessionId: 'a', name: 'a', createdAt: '1' }
const event = (type: string) => ({
  type: '@xstate.event',
  sessionId: 'a',
  sourceId: 'a',
  createdAt: '1',
  event: { type },
})

inBrowser('The sequence view', browser => {
  const recorded = recordSwitch()

  it('shows each event as an arrow, and the event of an arrow that is selected by mouse or keyboard', async () => {
    const { server, page, complaints } = await openPage(browser())
    const { settled, switching, switched } = await recorded
    server.send(...settled, ...switching, ...switched)
    await untilActive(page, 'running.settled')
    await page.getByRole('button', { name: 'Sequence' }).click()
    await page.locator('.lifelines span').nth(3).waitFor()
    expect(await page.locator('.lifelines span').allInnerTexts()).toEqual(['program', 'markdown', '1.0.0', '2.0.0'])
    const arrow = page.locator('#sequence .sequence-arrow', { hasText: /draining|stop/ }).first()
    await arrow.click()
    const title = page.locator('.details h2')
    await page.locator('#sequence [aria-selected=true]').waitFor()
    const clicked = (await page.locator('#sequence [aria-selected=true] .type').innerText()).trim()
    expect(await title.innerText()).toBe(clicked)
    await page.keyboard.press('Escape')
    await page.locator('#sequence').focus()
    await page.keyboard.press('Home')
    await page.locator('.details h2', { hasText: 'xstate.init' }).waitFor()
    expect(await page.locator('#sequence').getAttribute('aria-activedescendant')).toBe('sequence-0')
    await page.keyboard.press('Escape')
    await page.locator('#sequence [aria-selected=true]').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Statechart' }).click()
    await untilActive(page, 'running.settled')
    expect(complaints).toEqual([])
  })

  it('keeps the newest arrow visible, and finds the place of an event that is selected in the log', async () => {
    const { server, page } = await openPage(browser())
    server.send(actor)
    await page.getByRole('button', { name: 'Sequence' }).click()
    for (let i = 0; i < 500; i++) server.send(event(`event ${i}`))
    const last = page.locator('#sequence .sequence-arrow', { hasText: 'event 499' })
    await last.waitFor()
    await page.locator('.sequence .count', { hasText: '200 of 500 events' }).waitFor()
    const [row, list] = await Promise.all([last.boundingBox(), page.locator('#sequence').boundingBox()])
    if (row === null || list === null) throw new Error('not shown')
    expect(row.y).toBeGreaterThanOrEqual(list.y)
    expect(row.y + row.height).toBeLessThanOrEqual(list.y + list.height + 1)
    expect(await page.locator('#sequence .sequence-arrow').count()).toBeLessThan(60)
    await page.locator('#log').focus()
    await page.keyboard.press('Home')
    await page.locator('#sequence [aria-selected=true]', { hasText: 'event 0' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('#search').fill('event 77')
    await page.locator('.sequence .count', { hasText: /^5$/ }).waitFor()
    expect(await page.locator('#sequence .type').allInnerTexts()).toEqual(
      [77, 177, 277, 377, 477].map(i => `event ${i}`),
    )
  })
})
