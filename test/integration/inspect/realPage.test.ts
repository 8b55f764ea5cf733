import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { launchBrowser, noBrowser } from '../../fixtures/inspect/browser.js'
import { buildPage } from '../../fixtures/inspect/pageServer.js'
import { keeper } from '../../fixtures/inspecting.js'

/** The compiled one, beside which the built page is. */
const compiled = (): Promise<typeof import('cutover/inspect')> =>
  import(pathToFileURL(resolve('dist/src/inspect/index.js')).href)

if (noBrowser !== undefined) console.warn(`The inspector is not tested in a browser: ${noBrowser}.`)

describe.skipIf(noBrowser !== undefined)('the page as the inspector itself serves it, in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    await buildPage()
    browser = await launchBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  it.each(['127.0.0.1', '::1'])(
    'On %s it connects, and draws, and breaks none of the rules that its headers set',
    async host => {
      const { startInspector } = await compiled()
      await using inspector = await startInspector({ host })
      const page = await browser.newPage()
      page.setDefaultTimeout(20_000)
      const complaints: string[] = []
      page.on('console', message => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('pageerror', error => complaints.push(error.message))
      page.on('response', response => {
        if (response.status() >= 400) complaints.push(`${response.status()} ${new URL(response.url()).pathname}`)
      })
      createActor(keeper(), { id: 'kept', inspect: inspector.inspect }).start()
      await page.goto(inspector.url)
      await page.locator('.source.open').waitFor()
      await page.locator('.state.lit[data-state="open"]').waitFor()
      expect(complaints).toEqual([])
      await page.close()
    },
    30_000,
  )
})
