import { expect, it } from 'vitest'
import { createActor } from 'xstate'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { LiveProgram } from '../../fixtures/inspect/liveProgram.js'
import { lastEventMachine } from '../../fixtures/inspect/testClient.js'
import {
  countOf,
  logRow,
  selectRow,
  transformOf,
  treeOf,
  treeRow,
  untilActive,
  untilChartOf,
  untilScale,
  untilTransform,
  untilTree,
  visit,
} from '../../fixtures/inspect/visit.js'

inBrowser('The page of a running program', browser => {
  /** Opens the page, and waits for the program's data. */
  async function openLive(program: LiveProgram) {
    const visited = await visit(browser())
    await visited.page.goto(program.inspector.url)
    await untilActive(visited.page, 'running.settled')
    return visited
  }

  it.each([
    ['sequential', 'running.stoppingActive'],
    ['overlap', 'running.retiring'],
  ] as const)(
    'follows a switch by %s handover, without requests to other servers and without errors',
    async (handover, switching) => {
      const program = await LiveProgram.start({ handover })
      program.addThread('1.0.0')
      program.add('2.0.0')
      await program.serve('1.0.0', '2.0.0')
      const { page, complaints, requests } = await openLive(program)
      await untilTree(page, [
        'markdown: settled',
        '  1.0.0: running',
        '    supervisor: idle',
        '      connection: ready',
        '  2.0.0: running',
        '    supervisor: idle',
      ])

      const calls = program.call(3)
      const lane = page.locator('.timeline [data-version="1.0.0"]')
      await lane.locator('.calls', { hasText: '3 calls' }).waitFor()
      const switched = program.aggregate.setVersion('2.0.0')
      await untilActive(page, switching)
      await lane.locator('.bar.draining').waitFor()
      await selectRow(page, /^\S?1\.0\.0/)
      await untilActive(page, 'stopping.draining')

      program.answerAll()
      await Promise.all([...calls, switched])
      await untilActive(page, 'stopped')
      await page.locator('.chart .badge.stopped').waitFor()
      await page.locator('.switch').waitFor()
      await lane.locator('.calls').waitFor({ state: 'detached' })
      await page.locator('#tree').focus()
      await page.keyboard.press('Home')
      await untilActive(page, 'running.settled')
      await untilTree(page, ['markdown: settled', '  2.0.0: running', '    supervisor: idle'])
      await page.getByRole('button', { name: 'Show 3 stopped actors' }).click()
      await untilTree(page, [
        'markdown: settled',
        '  1.0.0: stopped',
        '    supervisor: stopped',
        '      connection: stopped',
        '  2.0.0: running',
        '    supervisor: idle',
      ])
      expect(await page.getByLabel('Hide stopped').isChecked()).toBe(false)
      const { host } = new URL(program.inspector.url)
      expect(requests.filter(url => new URL(url).host !== host)).toEqual([])
      expect(requests.some(url => url.startsWith('ws:'))).toBe(true)
      expect(complaints).toEqual([])
    },
  )

  it('shows the same in a page opened during a switch as in one opened before', async () => {
    const program = await LiveProgram.start()
    const early = await visit(browser())
    await early.page.goto(program.inspector.url)
    await early.page.locator('.source.open').waitFor()
    program.add('1.0.0', '2.0.0')
    await program.serve('1.0.0', '2.0.0')
    const calls = program.call(2)
    const switched = program.aggregate.setVersion('2.0.0')
    await untilActive(early.page, 'running.stoppingActive')
    const late = await visit(browser())
    await late.page.goto(program.inspector.url)
    await untilActive(late.page, 'running.stoppingActive')
    await late.page.locator('.timeline .calls', { hasText: '2 calls' }).waitFor()
    expect(await treeOf(late.page)).toEqual(await treeOf(early.page))
    expect(await countOf(late.page, 'log')).toBe(await countOf(early.page, 'log'))
    await logRow(late.page, 'version.running').first().waitFor()
    program.answerAll()
    await Promise.all([...calls, switched])
    for (const { page, complaints } of [early, late]) {
      await untilActive(page, 'running.settled')
      await page.locator('.switch').waitFor()
      expect(complaints).toEqual([])
    }
    expect(await treeOf(late.page)).toEqual(await treeOf(early.page))
    expect(await countOf(late.page, 'log')).toBe(await countOf(early.page, 'log'))
  })

  it('keeps showing the selected actor after it stops, although stopped actors are hidden', async () => {
    const program = await LiveProgram.start()
    program.add('1.0.0')
    const actor = createActor(lastEventMachine(), { id: 'clock', inspect: program.inspector.inspect }).start()
    const { page, complaints } = await openLive(program)
    await selectRow(page, 'clock')
    await untilActive(page, 'open')
    expect(await page.getByLabel('Hide stopped').isChecked()).toBe(true)
    actor.send({ type: 'finish' })
    await untilActive(page, 'done')
    await page.locator('.chart .badge.stopped').waitFor()
    expect(await page.locator('#tree [aria-selected=true]').innerText()).toContain('clock')
    expect(await page.locator('[data-json=snapshot]').innerText()).toContain('"status": "done"')
    await page.locator('#tree').focus()
    await page.keyboard.press('Home')
    await untilChartOf(page, 'aggregate markdown')
    await treeRow(page, 'clock').waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  it('lists the internal transitions of the root, and lets the user drag, zoom and fit the chart', async () => {
    const { page } = await openLive(await LiveProgram.start())
    expect(await page.locator('.root-transitions li').allInnerTexts()).toContain('setVersion')
    const fit = page.getByRole('button', { name: 'Fit' })
    await fit.click()
    const fitted = await transformOf(page)
    const [, , scale] = fitted
    await page.locator('.canvas svg').hover()
    await page.mouse.down()
    await page.mouse.move(600, 300)
    const [x, y] = await transformOf(page)
    await page.mouse.move(630, 280)
    await page.mouse.up()
    await page.mouse.move(600, 300)
    await untilTransform(page, x + 30, y - 20, scale)
    await page.mouse.wheel(0, -100)
    await untilScale(page, scale * 1.15)
    await page.mouse.wheel(0, 100)
    await untilTransform(page, x + 30, y - 20, scale)
    await fit.click()
    await untilTransform(page, ...fitted)
  })

  it('can be used by keyboard: Tab moves between the panels, and arrows move in the tree and the log', async () => {
    const program = await LiveProgram.start()
    program.add('1.0.0')
    await program.aggregate.setVersion('1.0.0')
    await program.aggregate.whenRunning()
    const { page } = await openLive(program)
    const stops: string[] = []
    const ids = new Set<string>()
    while (stops.length < 30 && stops.at(-1) !== 'panel details') {
      await page.keyboard.press('Tab')
      stops.push(await page.evaluate(`document.activeElement.closest('.top, .panel')?.className`))
      ids.add(await page.evaluate('document.activeElement.id'))
    }
    expect([...ids]).toEqual(['', 'tree', 'search', 'log'])
    const panels = ['actors', 'chart', 'log', 'timeline', 'details'].map(name => `panel ${name}`)
    expect(stops.filter((stop, i) => stop !== stops[i - 1])).toEqual(['top', ...panels])

    await page.locator('#tree').focus()
    await page.keyboard.press('End')
    await untilChartOf(page, 'supervisor markdown 1.0.0')
    await untilActive(page, 'up.idle')
    await page.keyboard.press('ArrowLeft')
    await untilChartOf(page, 'version 1.0.0')
    await page.keyboard.press('ArrowLeft')
    const third = page.locator('#tree .row').nth(2)
    await third.waitFor({ state: 'detached' })
    await page.keyboard.press('ArrowRight')
    await third.waitFor()
    await page.keyboard.press('ArrowUp')
    await untilChartOf(page, 'aggregate markdown')
    await page.locator('#log').focus()
    await page.keyboard.press('Home')
    await page.locator('.details h2', { hasText: 'xstate.init' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.locator('.details h2', { hasText: 'start' }).waitFor()
    expect(await page.locator('#log').getAttribute('aria-activedescendant')).toBe('log-1')
    await page.keyboard.press('Escape')
    await page.locator('.details h2', { hasText: 'aggregate markdown' }).waitFor()
  })
})
