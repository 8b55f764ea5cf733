import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { expect, it, onTestFinished } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { LiveProgram, startBuiltInspector } from '../../fixtures/inspect/liveProgram.js'
import { socketUrl } from '../../fixtures/inspect/testClient.js'
import { untilActive, visit } from '../../fixtures/inspect/visit.js'

inBrowser('In a browser, the page', browser => {
  it.each([
    ['without the token', /\?.*$/, '', 401],
    ['with another token', /token=.*$/, `token=${'x'.repeat(32)}`, 401],
    ['under another name of the same address', '127.0.0.1', 'evil.test', 403],
  ])('is not served %s', async (_, part, instead, status) => {
    const url = (await startBuiltInspector()).url.replace(part, instead)
    const { page, requests } = await visit(browser())
    const response = page.waitForResponse(() => true)
    // For an empty response, the browser shows an error page.
    await page.goto(url).catch(() => {})
    expect((await response).status()).toBe(status)
    expect(await page.locator('#page').count()).toBe(0)
    expect(requests).toEqual([url])
  })

  it('says that the program has ended, and gives up if another program refuses its token', async () => {
    const first = await startBuiltInspector()
    const { page } = await visit(browser())
    await page.goto(first.url)
    await page.locator('.source.open', { hasText: 'Live' }).waitFor()
    await first.close()
    await page.locator('.source.lost', { hasText: 'No connection, retrying' }).waitFor()
    await startBuiltInspector({ port: Number(new URL(first.url).port) })
    await page.locator('.source.lost', { hasText: 'Access refused' }).waitFor()
    expect(await page.getByRole('alert').innerText()).toContain('Open the address that it printed')
  })

  it('is served as localhost too', async () => {
    const program = await LiveProgram.start()
    const { page, complaints } = await visit(browser())
    await page.goto(program.inspector.url.replace('127.0.0.1', 'localhost'))
    await untilActive(page, 'running.settled')
    expect(complaints).toEqual([])
  })

  it('connects by IPv6, although its policy cannot name the address', async () => {
    const inspector = await startBuiltInspector({ host: '::1' })
    const { page, complaints } = await visit(browser())
    await page.goto(inspector.url)
    await page.locator('.source.open', { hasText: 'Live' }).waitFor()
    expect(complaints).toEqual([])
  })

  it.each(['127.0.0.1', 'localhost', 'evil.test'])(
    'gives nothing to a page of another origin, even with the token: %s',
    async host => {
      const { inspector } = await LiveProgram.start()
      const port = await otherServer()
      const { page, requests } = await visit(browser())
      await page.goto(`http://${host}:${port}/`)
      for (const url of [inspector.url, inspector.url.replace('127.0.0.1', host)]) {
        expect(await opened(page, socketUrl(url).href)).toBe(false)
        expect(await fetched(page, url, 'cors')).toBe(false)
      }
      expect(await fetched(page, inspector.url, 'no-cors')).toBe(false)
      expect(await fetched(page, new URL('/page.js', inspector.url).href, 'no-cors')).toBe(false)
      const before = requests.length
      const requested = page.waitForRequest(inspector.url)
      await page.setContent(`<iframe src="${inspector.url}"></iframe>`)
      await requested
      await page
        .frames()[1]
        ?.waitForLoadState()
        .catch(() => {})
      expect(requests.slice(before)).toEqual([inspector.url])
      expect(await page.frames()[1]?.locator('#page').count()).toBe(0)
    },
  )
})

/** Starts another server, with an empty page. @returns its port */
async function otherServer(): Promise<number> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><link rel="icon" href="data:,">')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Whether this page could open a WebSocket. */
function opened(page: Page, url: string): Promise<boolean> {
  return page.evaluate(`new Promise(resolve => {
    const socket = new WebSocket(${JSON.stringify(url)})
    socket.onopen = () => resolve(true)
    socket.onerror = () => resolve(false)
  })`)
}

function fetched(page: Page, url: string, mode: 'cors' | 'no-cors'): Promise<boolean> {
  return page.evaluate(`fetch(${JSON.stringify(url)}, { mode: '${mode}' }).then(() => true, () => false)`)
}
