import { once } from 'node:events'
import { expect, it } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'
import { selectRow, treeRow, until, untilActive, untilChartOf } from '../../fixtures/inspect/visit.js'

const at = (sessionId: string) => ({ sessionId, createdAt: '1' })

/** An actor whose machine has one state with this name. */
const actor = (sessionId: string, state = 'on') => ({
  ...at(sessionId),
  type: '@xstate.actor',
  name: sessionId,
  definition: JSON.stringify({
    id: `machine ${sessionId}`,
    initial: state,
    states: { [state]: { on: { go: state } } },
  }),
  snapshot: { value: state },
})

/** Counts the observers that are connected, and the URLs of blobs that are not revoked. */
const COUNTERS = `
  window.counts = { observers: 0, urls: 0 }
  const { observe, disconnect } = ResizeObserver.prototype
  Object.assign(ResizeObserver.prototype, {
    observe(...args) { counts.observers++; return observe.apply(this, args) },
    disconnect() { counts.observers--; return disconnect.call(this) },
  })
  const { createObjectURL, revokeObjectURL } = URL
  URL.createObjectURL = blob => { counts.urls++; return createObjectURL(blob) }
  URL.revokeObjectURL = url => { counts.urls--; revokeObjectURL(url) }
`

/** To evaluate in the page: the times on the axis of the timeline. */
const TICKS = `[...document.querySelectorAll('.timeline .tick text')].map(it => it.textContent)`

/** To evaluate in the page: how many seconds lie between the first and the last of them. */
const SECONDS = `(times => (times.at(-1) - times[0] + 86400) % 86400)(
  ${TICKS}.map(it => it.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)))`

inBrowser('The page in use', browser => {
  /** A page with counters, and with a clock that the test moves. */
  async function open() {
    const opened = await openPage(browser())
    const { page } = opened
    await page.addInitScript(COUNTERS)
    await page.clock.install()
    await page.reload()
    await page.locator('.source.open').waitFor()
    const count = (what: 'observers' | 'urls') => page.evaluate<number>(`counts.${what}`)
    return { ...opened, count }
  }

  it('observes the size of the shown chart only, however many charts were shown', async () => {
    const { server, page, count } = await open()
    server.send(actor('one', 'a'), actor('two', 'b'))
    await untilActive(page, 'a')
    const before = await count('observers')
    for (let i = 0; i < 3; i++) {
      await selectRow(page, 'two')
      await untilActive(page, 'b')
      await selectRow(page, 'one')
      await untilActive(page, 'a')
    }
    expect(await count('observers')).toBe(before)
  })

  it('releases a saved file after the browser has read it', async () => {
    const { page, count } = await open()
    const before = await count('urls')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save' }).click()
    await download
    expect(await count('urls')).toBe(before + 1)
    await page.clock.runFor(10_000)
    expect(await count('urls')).toBe(before)
  })

  it('shows the result of an export for two seconds, counted from the last one', async () => {
    const { server, page } = await open()
    server.send(actor('one'))
    await untilActive(page, 'on')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.clock.pauseAt(Date.now() + 3_600_000)
    const result = page.locator('.diagram [role=status]')
    await page.getByRole('button', { name: 'Copy diagram' }).click()
    await result.getByText('Copied').waitFor()
    await page.clock.runFor(1_500)
    await page.getByRole('button', { name: 'Download diagram' }).click()
    await result.getByText('Downloaded').waitFor()
    await page.clock.runFor(1_500)
    expect(await result.innerText()).toBe('Downloaded')
    await page.clock.runFor(1_000)
    expect(await result.innerText()).toBe('')
  })

  it('moves the timeline on while no messages arrive, but not while paused', async () => {
    const { server, page } = await open()
    server.send({ ...actor('version 1.0.0'), snapshot: { value: 'running' }, createdAt: String(Date.now()) })
    const axis = page.locator('.timeline .tick').first()
    await axis.waitFor()
    const texts = () => page.evaluate<string[]>(TICKS)
    await page.clock.runFor(60_000)
    await until(page, `${SECONDS} >= 40`)
    await page.keyboard.press(' ')
    await page.locator('.badge.past').waitFor()
    const paused = await texts()
    await page.clock.runFor(60_000)
    // Any change of the page draws the timeline again.
    await page.getByRole('button', { name: 'Switch to dark colours' }).click()
    await page.getByRole('button', { name: 'Switch to light colours' }).waitFor()
    expect(await texts()).toEqual(paused)
  })

  it('disconnects from the program while it shows a recording, and connects once afterwards', async () => {
    const { server, page } = await openPage(browser())
    server.send(actor('one'))
    await untilActive(page, 'on')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save' }).click()
    const file = await (await download).path()
    for (let i = 0; i < 2; i++) {
      const disconnected = Promise.all([...server.clients].map(socket => once(socket, 'close')))
      await page.locator('#file').setInputFiles(file)
      await page.locator('.source', { hasText: 'Recording' }).waitFor()
      expect(await page.locator('#file').inputValue()).toBe('')
      await disconnected
      expect(server.clients.size).toBe(0)
      // Two clicks before the button disappears.
      await page.getByRole('button', { name: 'Back to live' }).evaluate((button: { click(): void }) => {
        button.click()
        button.click()
      })
      await page.locator('.source.open').waitFor()
      await untilActive(page, 'on')
      expect(server.clients.size).toBe(1)
    }
  })

  it('ends a drag when the browser cancels it', async () => {
    const { server, page } = await openPage(browser())
    server.send(actor('one'))
    await untilActive(page, 'on')
    const transform = () => page.evaluate(`document.querySelector('.canvas svg > g').style.transform`)
    const before = await transform()
    await page.evaluate(`
      const svg = document.querySelector('.canvas svg')
      svg.setPointerCapture = () => {}
      const send = (type, clientX) => svg.dispatchEvent(new PointerEvent(type, { clientX, clientY: 300, bubbles: true }))
      send('pointerdown', 600)
      send('pointercancel', 600)
      send('pointermove', 700)
    `)
    await page.evaluate('new Promise(resolve => requestAnimationFrame(resolve))')
    expect(await transform()).toBe(before)
  })

  it('handles each of several keys between two frames', async () => {
    const { server, page } = await openPage(browser())
    server.send(...Array.from({ length: 10 }, (_, i) => actor(`actor ${i}`)))
    await treeRow(page, 'actor 9').waitFor()
    await page.locator('#tree').focus()
    await page.evaluate(`
      const tree = document.querySelector('#tree')
      const press = key => tree.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      for (let i = 0; i < 5; i++) press('ArrowDown')
    `)
    await untilChartOf(page, 'actor 5')
  })

  it('leaves shortcuts of the browser alone, and lets a button have the space bar', async () => {
    const { page } = await openPage(browser())
    const pause = page.getByRole('button', { name: 'Pause' })
    await page.keyboard.press('Control+/')
    expect(await page.evaluate('document.activeElement.id')).toBe('')
    await page.getByRole('button', { name: 'Switch to dark colours' }).focus()
    await page.keyboard.press(' ')
    await page.getByRole('button', { name: 'Switch to light colours' }).waitFor()
    await pause.waitFor()
  })

  it('follows a change of the system from light to dark', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Switch to dark colours' }).waitFor()
    await page.clock.pauseAt(Date.now() + 3_600_000)
    await page.clock.runFor(100)
    // The page hears of the change some time after emulateMedia() has resolved.
    const changed = page.evaluate(`new Promise(resolve => {
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => resolve(), { once: true })
    })`)
    await page.emulateMedia({ colorScheme: 'dark' })
    await changed
    // Less than the period after which the page draws itself anyway.
    await page.clock.runFor(100)
    await page.getByRole('button', { name: 'Switch to light colours' }).waitFor({ timeout: 10_000 })
  })

  it('accepts a drag of files, which the browser would open otherwise', async () => {
    const { page } = await openPage(browser())
    const isAccepted = await page.evaluate(
      `!document.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true }))`,
    )
    expect(isAccepted).toBe(true)
  })

  it.each([
    ['storage', `Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })`],
    ['workers', `window.Worker = class { constructor() { throw new Error('no') } }`],
  ])('works in a browser without %s', async (_, script) => {
    const { server, page, complaints } = await openPage(browser())
    await page.addInitScript(script)
    await page.reload()
    await page.locator('.source.open').waitFor()
    server.send(actor('one'))
    await untilActive(page, 'on')
    await page.getByRole('button', { name: 'Switch to dark colours' }).click()
    await page.getByRole('button', { name: 'Switch to light colours' }).waitFor()
    expect(complaints).toEqual([])
  })
})
