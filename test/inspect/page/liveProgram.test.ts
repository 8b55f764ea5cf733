import { expect, it } from 'vitest'
import { createActor } from 'xstate'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { LiveProgram } from '../../fixtures/inspect/liveProgram.js'
import { lastEventMachine } from '../../fixtures/inspect/testClient.js'
import {
  count,
  event,
  headed,
  isPlaced,
  isScaled,
  lit,
  placeOf,
  row,
  showsTree,
  treeOf,
  visit,
} from '../../fixtures/inspect/visit.js'

inBrowser('The page of a running program', browser => {
  /** The page, once it has heard of the program. */
  async function look(program: LiveProgram) {
    const visited = await visit(browser())
    await visited.page.goto(program.inspector.url)
    await lit(visited.page, 'running.settled')
    return visited
  }

  it.each([
    ['sequential', 'running.stoppingActive'],
    ['overlap', 'running.retiring'],
  ] as const)(
    'follows a switch by %s handover, asks nobody else for anything and complains of nothing',
    async (handover, switching) => {
      const program = await LiveProgram.start({ handover })
      program.addThread('1.0.0')
      program.add('2.0.0')
      await program.serve('1.0.0', '2.0.0')
      const { page, complaints, requests } = await look(program)
      await showsTree(page, [
        'markdown: settled',
        '  1.0.0: running',
        '    supervisor markdown 1.0.0: idle',
        '      connection markdown 1.0.0: ready',
        '  2.0.0: running',
        '    supervisor markdown 2.0.0: idle',
      ])

      const calls = program.call(3)
      const lane = page.locator('.timeline [data-version="1.0.0"]')
      await lane.locator('.calls', { hasText: '3 calls' }).waitFor()
      const switched = program.aggregate.setVersion('2.0.0')
      await lit(page, switching)
      await lane.locator('.bar.draining').waitFor()
      await row(page, /^\S?1\.0\.0/).click()
      await lit(page, 'stopping.draining')

      program.answerAll()
      await Promise.all([...calls, switched])
      await lit(page, 'stopped')
      await page.locator('.chart .badge.stopped').waitFor()
      await page.locator('.switch').waitFor()
      await lane.locator('.calls').waitFor({ state: 'detached' })
      await page.locator('#tree').focus()
      await page.keyboard.press('Home')
      await lit(page, 'running.settled')
      await showsTree(page, [
        'markdown: settled',
        '  1.0.0: stopped',
        '    supervisor markdown 1.0.0: stopped',
        '      connection markdown 1.0.0: stopped',
        '  2.0.0: running',
        '    supervisor markdown 2.0.0: idle',
      ])
      const { host } = new URL(program.inspector.url)
      expect(requests.filter(url => new URL(url).host !== host)).toEqual([])
      expect(requests.some(url => url.startsWith('ws:'))).toBe(true)
      expect(complaints).toEqual([])
    },
  )

  it('shows one who comes in the middle of a switch the same as one who was there from the start', async () => {
    const program = await LiveProgram.start()
    const early = await visit(browser())
    await early.page.goto(program.inspector.url)
    await early.page.locator('.source.open').waitFor()
    program.add('1.0.0', '2.0.0')
    await program.serve('1.0.0', '2.0.0')
    const calls = program.call(2)
    const switched = program.aggregate.setVersion('2.0.0')
    await lit(early.page, 'running.stoppingActive')
    const late = await visit(browser())
    await late.page.goto(program.inspector.url)
    await lit(late.page, 'running.stoppingActive')
    await late.page.locator('.timeline .calls', { hasText: '2 calls' }).waitFor()
    expect(await treeOf(late.page)).toEqual(await treeOf(early.page))
    expect(await count(late.page, 'log')).toBe(await count(early.page, 'log'))
    await event(late.page, 'version.running').first().waitFor()
    program.answerAll()
    await Promise.all([...calls, switched])
    for (const { page, complaints } of [early, late]) {
      await lit(page, 'running.settled')
      await page.locator('.switch').waitFor()
      expect(complaints).toEqual([])
    }
    expect(await treeOf(late.page)).toEqual(await treeOf(early.page))
    expect(await count(late.page, 'log')).toBe(await count(early.page, 'log'))
  })

  it('goes on showing an actor that stops while it is looked at, also when those that stopped are hidden', async () => {
    const program = await LiveProgram.start()
    program.add('1.0.0')
    const actor = createActor(lastEventMachine(), { id: 'clock', inspect: program.inspector.inspect }).start()
    const { page, complaints } = await look(program)
    await row(page, 'clock').click()
    await lit(page, 'open')
    await page.getByLabel('Hide stopped').check()
    actor.send({ type: 'finish' })
    await lit(page, 'done')
    await page.locator('.chart .badge.stopped').waitFor()
    expect(await page.locator('#tree [aria-selected=true]').innerText()).toContain('clock')
    expect(await page.locator('[data-json=snapshot]').innerText()).toContain('"status": "done"')
    await page.locator('#tree').focus()
    await page.keyboard.press('Home')
    await headed(page, 'aggregate markdown')
    await row(page, 'clock').waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  it('writes above the chart what it does in every state, moves it by dragging, zooms it by the wheel, and Fit shows all of it again', async () => {
    const { page } = await look(await LiveProgram.start())
    expect(await page.locator('.reactions li').allInnerTexts()).toContain('setVersion')
    const fit = page.getByRole('button', { name: 'Fit' })
    await fit.click()
    const fitted = await placeOf(page)
    const [, , scale] = fitted
    await page.locator('.canvas svg').hover()
    await page.mouse.down()
    await page.mouse.move(600, 300)
    const [x, y] = await placeOf(page)
    await page.mouse.move(630, 280)
    await page.mouse.up()
    await page.mouse.move(600, 300)
    await isPlaced(page, x + 30, y - 20, scale)
    await page.mouse.wheel(0, -100)
    await isScaled(page, scale * 1.15)
    await page.mouse.wheel(0, 100)
    await isPlaced(page, x + 30, y - 20, scale)
    await fit.click()
    await isPlaced(page, ...fitted)
  })

  it('can be used with the keyboard alone: Tab goes from panel to panel, the arrows through the tree and the log', async () => {
    const program = await LiveProgram.start()
    program.add('1.0.0')
    await program.aggregate.setVersion('1.0.0')
    await program.aggregate.whenRunning()
    const { page } = await look(program)
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
    await headed(page, 'supervisor markdown 1.0.0')
    await lit(page, 'up.idle')
    await page.keyboard.press('ArrowLeft')
    await headed(page, 'version 1.0.0')
    await page.keyboard.press('ArrowLeft')
    const third = page.locator('#tree .row').nth(2)
    await third.waitFor({ state: 'detached' })
    await page.keyboard.press('ArrowRight')
    await third.waitFor()
    await page.keyboard.press('ArrowUp')
    await headed(page, 'aggregate markdown')
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
