import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { FRAMES, type Frames, oneEvent, openPage } from '../../fixtures/inspect/openPage.js'
import { buildPage } from '../../fixtures/inspect/pageServer.js'
import { recordSwitch } from '../../fixtures/inspect/recordSwitch.js'
import { countOf, logRow, untilActive } from '../../fixtures/inspect/visit.js'

beforeAll(buildPage, 60_000)

describe('The built page', () => {
  it('has at most 600 kB, compressed', () => {
    const files = ['index.html', 'page.js', 'page.css'].map(name => readFileSync(`dist/page/${name}`))
    expect(files.reduce((sum, file) => sum + gzipSync(file).length, 0)).toBeLessThan(600_000)
  })
})

inBrowser('The page in a browser', browser => {
  const recorded = recordSwitch()

  const open = (colorScheme?: 'light' | 'dark') => openPage(browser(), colorScheme)
  it('highlights the active states and the last transitions', async () => {
    const { server, page, complaints } = await open()
    const { settled, switching, switched } = await recorded
    server.send(...settled)
    await untilActive(page, 'running.settled')
    server.send(...switching)
    await untilActive(page, 'running.stoppingActive')
    expect(await page.locator('.arrow.highlighted').count()).toBe(2)
    const labels = await page.locator('.label text.highlighted').allTextContents()
    expect(labels.toSorted()).toEqual([expect.stringMatching(/^\[activeIsUnwanted\]/), 'setVersion'])
    server.send(...switched)
    await untilActive(page, 'running.settled')
    expect(await page.locator('.canvas .state.active').count()).toBe(2)
    expect(await page.locator('.arrow.highlighted').count()).toBeGreaterThan(0)
    expect(complaints).toEqual([])
  })

  it('keeps the states in place during a switch', async () => {
    const { server, page } = await open()
    const { settled, switching, switched } = await recorded
    server.send(...settled)
    await untilActive(page, 'running.settled')
    const boxes = async () => Promise.all((await page.locator('.canvas .state').all()).map(it => it.boundingBox()))
    // The chart is drawn before the timeline has its rows, which leave it less room.
    const restingBoxes = async () => {
      for (let last = await boxes(); ; ) {
        for (let n = 0; n < 10; n++) await page.evaluate('new Promise(resolve => requestAnimationFrame(resolve))')
        const now = await boxes()
        if (isDeepStrictEqual(now, last)) return now
        last = now
      }
    }
    await page.locator('.timeline .bar').first().waitFor()
    const before = await restingBoxes()
    server.send(...switching, ...switched)
    await page.locator('.switch').waitFor()
    expect(await restingBoxes()).toEqual(before)
  })

  it('searches events and payloads, until Escape', async () => {
    const { server, page } = await open()
    server.send(...(await recorded).settled)
    await logRow(page, 'setVersion').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('setversion 2.0.0')
    await page.locator('.log .count', { hasText: /^1$/ }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.log .count', { hasText: /^13$/ }).waitFor()
    expect(await page.locator('#search').inputValue()).toBe('')
  })

  it('shows the payload and the snapshot of a selected event, and the chart at that time', async () => {
    const { server, page } = await open()
    const { settled, switching, switched } = await recorded
    server.send(...settled, ...switching, ...switched)
    await untilActive(page, 'running.settled')
    await page.locator('#search').fill('setversion')
    await logRow(page, 'stoppingActive').click()
    await untilActive(page, 'running.stoppingActive')
    expect(JSON.parse(await page.locator('[data-json=event]').innerText())).toMatchObject({ active: '2.0.0' })
    expect(JSON.parse(await page.locator('[data-json=snapshot]').innerText())).toMatchObject({
      value: { running: 'stoppingActive' },
    })
    await page.getByRole('button', { name: 'Back to now' }).click()
    await untilActive(page, 'running.settled')
  })

  it('changes nothing while paused, and catches up on resume', async () => {
    const { server, page } = await open()
    const { settled, switching } = await recorded
    server.send(...settled)
    await untilActive(page, 'running.settled')
    await page.keyboard.press(' ')
    server.send(...switching)
    await page.locator('.badge.past', { hasText: `${switching.length} waiting` }).waitFor()
    expect(await countOf(page, 'log')).toBe('13')
    await page.keyboard.press(' ')
    await untilActive(page, 'running.stoppingActive')
  })

  it('refuses a dropped file that is not a recording, and continues', async () => {
    const { server, page } = await open()
    server.send(...(await recorded).settled)
    await untilActive(page, 'running.settled')
    await page.evaluate(`
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File(['<b>no</b>'], '<i>cat</i>.png'))
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    `)
    expect(await page.getByRole('alert').innerText()).toContain('<i>cat</i>.png: This file is not a recording')
    await untilActive(page, 'running.settled')
    await page.locator('.source.open').waitFor()
  })

  it.each(['light', 'dark'] as const)(
    'is %s as the system prefers, until the user chooses the other theme, also after a reload',
    async scheme => {
      const { page } = await open(scheme)
      const other = scheme === 'light' ? 'dark' : 'light'
      const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
      const [light, dark] = ['rgb(238, 240, 243)', 'rgb(16, 19, 24)']
      expect(await background()).toBe(scheme === 'light' ? light : dark)
      await page.getByRole('button', { name: `Switch to ${other} colours` }).click()
      expect(await background()).toBe(other === 'light' ? light : dark)
      await page.reload()
      await page.locator('.source.open').waitFor()
      expect(await background()).toBe(other === 'light' ? light : dark)
    },
  )

  it('shows HTML in messages as text', async () => {
    const { server, page, complaints } = await open()
    const html = '<img src=x onerror=alert(1)>'
    const definition = JSON.stringify({
      id: html,
      initial: html,
      states: { [html]: { description: html, on: { [html]: html } } },
    })
    server.send({
      type: '@xstate.actor',
      sessionId: html,
      name: html,
      definition,
      snapshot: { value: html },
      createdAt: '1',
    })
    server.send({ type: '@xstate.event', sessionId: html, event: { type: html }, createdAt: '2' })
    await page.locator('.state.active').first().waitFor()
    await logRow(page, html).click()
    expect(await page.locator('img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('connects again after the program is back, and shows its data again', async () => {
    const { server, page } = await open()
    const { settled, switching, switched } = await recorded
    server.send(...settled, ...switching)
    await untilActive(page, 'running.stoppingActive')
    server.disconnect()
    await page.locator('.source.lost').waitFor()
    server.send(...switched)
    await untilActive(page, 'running.settled')
    await page.locator('.log .count', { hasText: /^19$/ }).waitFor()
    expect(await countOf(page, 'actors')).toBe('3')
  })

  it('shows how many messages were dropped, and ignores unknown messages', async () => {
    const { server, page, complaints } = await open()
    server.sendText('garbage')
    server.sendText('{"type":"@other.thing"}')
    server.send({ type: '@cutover.dropped', count: 12, createdAt: '1' })
    await page.locator('.badge.warn', { hasText: '12 dropped' }).waitFor()
    expect(complaints).toEqual([])
  })

  it('is smooth at 200 events per second', { retry: 3 }, async () => {
    const { server, page } = await open()
    server.send(...(await recorded).settled)
    await untilActive(page, 'running.settled')
    const frames = page.evaluate<Frames>(FRAMES)
    let sent = 0
    const timer = setInterval(() => {
      for (let i = 0; i < 10; i++) server.send(...oneEvent(sent++))
      if (sent >= 400) clearInterval(timer)
    }, 50)
    onTestFinished(() => clearInterval(timer))
    const { count: shown, longest } = await frames
    console.log(`200 events/s: ${shown / 2} frames/s, the longest took ${Math.round(longest)} ms`)
    expect(shown).toBeGreaterThan(60)
    expect(longest).toBeLessThan(400)
    await page.locator('.log .count', { hasText: '413' }).waitFor()
  })
})
