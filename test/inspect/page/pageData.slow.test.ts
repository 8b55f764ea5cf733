import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ControllableRuntime } from 'cutover/testing'
import { expect, it, onTestFinished } from 'vitest'
import { createActor } from 'xstate'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { LiveProgram, startBuiltInspector } from '../../fixtures/inspect/liveProgram.js'
import { FRAMES, type Frames } from '../../fixtures/inspect/openPage.js'
import { lastEventMachine } from '../../fixtures/inspect/testClient.js'
import {
  countOf,
  logRow,
  saveRecording,
  treeOf,
  treeRow,
  untilActive,
  untilChartOf,
  visit,
} from '../../fixtures/inspect/visit.js'

const MEGABYTE = 1_048_576
const FILE = new URL('../../../dist/page/index.html', import.meta.url).href

inBrowser('The page', browser => {
  it('shows functions, cycles, BigInts, Maps and texts of 10 MB as text, and notes what is left out', async () => {
    const { inspect, url } = await startBuiltInspector()
    const context: Record<string, unknown> = {
      calls: function render() {},
      large: 2n ** 60n,
      pages: new Map([['a', 1]]),
      html: '<img src=x onerror=alert(1)>',
      long: 'x'.repeat(10 * MEGABYTE),
    }
    context['itself'] = context
    const { page, complaints } = await visit(browser())
    await page.goto(url)
    await page.locator('.source.open').waitFor()
    const actor = createActor(lastEventMachine(context), { id: 'awkward', inspect }).start()
    await untilActive(page, 'open')
    const shown = async (what: string) => JSON.parse(await page.locator(`[data-json=${what}]`).innerText())
    const asTexts = {
      calls: '[Function render]',
      large: '1152921504606846976n',
      pages: { '[Map 1]': [['a', 1]] },
      html: '<img src=x onerror=alert(1)>',
      long: expect.stringMatching(/^x+… \[truncated: 10485760 characters\]$/),
    }
    expect((await shown('snapshot')).context).toEqual({ ...asTexts, itself: '[Circular]' })
    actor.send({ type: 'told', ...context })
    await logRow(page, 'told').click()
    const itself = { ...asTexts, itself: '[Circular]' }
    expect(await shown('event')).toEqual({ type: 'told', ...asTexts, itself })
    expect((await shown('snapshot')).context.last).toEqual({ type: 'told', ...asTexts, itself })

    const late = await visit(browser())
    await late.page.goto(url)
    await untilActive(late.page, 'open')
    expect(await late.page.locator('[data-json=snapshot]').innerText()).toContain('[truncated: 10485760 characters]')
    expect(late.complaints).toEqual([])
    expect(await page.locator('img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('is usable with 1,000 actors', { retry: 2 }, async () => {
    const program = await LiveProgram.start()
    for (let i = 0; i < 500; i++) {
      const version = `1.0.${i}`
      program.aggregate.addVersion(version, new ControllableRuntime({ id: 'markdown', version }))
    }
    const actors = Array.from({ length: 499 }, (_, i) =>
      createActor(lastEventMachine(), { id: `actor ${i}`, inspect: program.inspector.inspect }).start(),
    )
    const { page, complaints } = await visit(browser())
    const begun = performance.now()
    await page.goto(program.inspector.url)
    await page.locator('.actors .count', { hasText: '1000' }).waitFor()
    await untilActive(page, 'running.settled')
    const shownAfter = performance.now() - begun
    const frames = page.evaluate<Frames>(FRAMES)
    const timer = setInterval(() => {
      for (const actor of actors.slice(0, 10)) actor.send({ type: 'told' })
    }, 50)
    onTestFinished(() => clearInterval(timer))
    const { count: drawn, longest } = await frames
    clearInterval(timer)
    const measured = [shownAfter, drawn / 2, longest].map(Math.round)
    console.log(`1,000 actors: shown after %d ms; %d frames/s, the longest took %d ms`, ...measured)
    expect(shownAfter).toBeLessThan(15_000)
    expect(drawn).toBeGreaterThan(10)
    expect(longest).toBeLessThan(1_500)
    expect(await page.locator('#tree .row').count()).toBeLessThan(60)
    await page.locator('#tree').focus()
    await page.keyboard.press('PageDown')
    await untilChartOf(page, 'version 1.0.')
    await page.keyboard.press('End')
    await untilChartOf(page, 'actor 498')
    await treeRow(page, 'actor 498').waitFor()
    expect(await page.locator('.timeline [data-version]').count()).toBe(300)
    expect(complaints).toEqual([])
  })

  it('saves a recording, opens it from the disk without the program, and says why other files are refused', async () => {
    const program = await LiveProgram.start()
    program.add('1.0.0', '2.0.0')
    await program.serve('1.0.0', '2.0.0')
    await program.aggregate.setVersion('2.0.0')
    const live = await visit(browser())
    await live.page.goto(program.inspector.url)
    await live.page.locator('.switch').waitFor()
    await untilActive(live.page, 'running.settled')
    const file = await saveRecording(live.page)
    const saved = await readFile(file)
    expect(saved.subarray(0, saved.indexOf('\n')).toString()).toBe('{"type":"@cutover.recording","version":1}')
    const [tree, events] = [await treeOf(live.page), await countOf(live.page, 'log')]
    await live.page.locator('#file').setInputFiles(file)
    await live.page.locator('.source', { hasText: 'Recording ' }).waitFor()
    await live.page.getByRole('button', { name: 'Back to live' }).click()
    await live.page.locator('.source', { hasText: 'Live' }).waitFor()
    await untilActive(live.page, 'running.settled')
    await program.aggregate.dispose()
    await program.inspector.close()

    const { page, complaints, requests } = await visit(browser())
    await page.goto(FILE)
    const folder = await mkdtemp(join(tmpdir(), 'cutover-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const open = async (name: string, content: Uint8Array) => {
      await writeFile(join(folder, name), content)
      await page.locator('#file').setInputFiles(join(folder, name))
    }
    const source = (text: string) => page.locator('.source', { hasText: text }).waitFor()
    await open('whole.ndjson', saved)
    await source('Recording whole.ndjson')
    await untilActive(page, 'running.settled')
    expect([await treeOf(page), await countOf(page, 'log')]).toEqual([tree, events])
    expect(await page.locator('.switch').count()).toBe(1)

    for (const [name, content] of Object.entries({
      'empty.ndjson': Buffer.alloc(0),
      'head.ndjson': saved.subarray(0, 20),
      'messages.ndjson': saved.subarray(saved.indexOf('\n') + 1),
      'binary.ndjson': Buffer.alloc(50 * MEGABYTE, 'ÿ\0\n', 'latin1'),
    })) {
      await open(name, content)
      await page.getByRole('alert').getByText(`${name}: This file is not a recording`).waitFor()
      await source('Recording whole.ndjson')
    }
    await open('truncated.ndjson', saved.subarray(0, saved.length - 50))
    await source('Recording truncated.ndjson, 1 line skipped')
    await untilActive(page, 'running.settled')
    expect(complaints).toEqual([])
    expect(requests.filter(url => !url.startsWith('file:'))).toEqual([])
  })
})
