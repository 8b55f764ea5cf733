/** Pictures of what `cutover deploy` prints in terminals of 80 and of 40 columns. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Browser } from 'playwright-core'

const TERMINALS = { terminal: [80, 24], narrow: [40, 42] } as const
const PROGRAM = resolve('dist/lib/cutover.js')
const STEPS = '10:3s,50:3s'
const GOOD = "export const fetch = request => new Response('hello')\n"
const BAD = "throw new Error('no database at db.internal')\n"
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by control characters
const CLEARED = /[^\n\r]*\r\x1b\[K/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by control characters
const STYLED = /\x1b\[(\d+)m(.*?)\x1b\[0m/g
/** The part of a terminal that the codes in use need. */
const CLASSES: Readonly<Record<string, string>> = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow' }
const STYLE = `
  body { margin: 0; background: #1b1d23; width: max-content }
  pre { margin: 0; padding: 12px 14px; color: #d8dbe2; font: 14px/1.25 "DejaVu Sans Mono", monospace }
  .bold { font-weight: bold } .dim { color: #8b92a1 } .red { color: #ff7b72 } .green { color: #7ee787 } .yellow { color: #e3b341 }`

/** A served application, with requests all the time. */
class Shop {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pictures-'))
  #isOver = false

  async serve(): Promise<() => Promise<void>> {
    this.#write(GOOD)
    const service = this.#spawn(['serve', 'app.mjs', '--port', '0', '--instances', '2', '--soak', '3s'])
    let url = ''
    for await (const line of createInterface(service.stdout))
      if (line.includes('listens on')) {
        url = line.split(' ').at(-1) ?? ''
        break
      }
    service.stdout.resume()
    const clients = Promise.all(Array.from({ length: 4 }, () => this.#ask(url)))
    return async () => {
      this.#isOver = true
      await clients
      const exited = once(service, 'exit')
      service.kill('SIGTERM')
      await exited
      rmSync(this.#folder, { recursive: true })
    }
  }

  /** The screen of so many columns after a deploy that stays, and one that cannot. */
  async deploys(columns: number): Promise<string> {
    const preload = encodeURIComponent(`Object.assign(process.stdout, { isTTY: true, columns: ${columns} })`)
    const node = ['--import', `data:text/javascript,${preload}`]
    let screen = ''
    for (const [source, options] of [
      [GOOD, ['--steps', STEPS]],
      [BAD, []],
    ] as const) {
      this.#write(source)
      const command = this.#spawn(['deploy', ...options], node)
      screen += `${['$ npx cutover deploy', ...options].join(' ')}\n${await text(command.stdout)}`
    }
    return shown(screen)
  }

  #write(source: string): void {
    writeFileSync(join(this.#folder, 'app.mjs'), source)
    writeFileSync(join(this.#folder, 'package.json'), '{ "version": "1.4.0" }')
  }

  #spawn(args: readonly string[], node: readonly string[] = []) {
    const options = { cwd: this.#folder, env: { ...process.env, CUTOVER_SERVE_STATE: join(this.#folder, 'state') } }
    return spawn(process.execPath, [...node, PROGRAM, ...args], { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  }

  async #ask(url: string): Promise<void> {
    while (!this.#isOver) await (await fetch(url)).text()
  }
}

/** Lines that were cleared are gone, and so is the folder of this machine. */
const shown = (output: string) => output.replace(CLEARED, '').replaceAll(/\/tmp\/pictures-\w+/g, '/srv/shop')

function htmlOf(screen: string): string {
  const escaped = screen.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const styled = escaped.replace(STYLED, (_, code, its) => `<span class="${CLASSES[code]}">${its}</span>`)
  return `<style>${STYLE}</style><pre>${styled}</pre>`
}

/** Writes `docs/images/serve-*.png`. */
export async function takeTerminalPictures(browser: Browser): Promise<void> {
  const shop = new Shop()
  const end = await shop.serve()
  try {
    for (const [name, [columns, rows]] of Object.entries(TERMINALS)) {
      const page = await browser.newPage({ viewport: { width: 400, height: 200 }, deviceScaleFactor: 1.5 })
      const screen = await shop.deploys(columns)
      const rest = `\n${' '.repeat(columns)}`.repeat(Math.max(0, rows + 1 - screen.split('\n').length))
      await page.setContent(htmlOf(`${screen.trimEnd()}${rest}`))
      await page.screenshot({ path: `docs/images/serve-${name}.png`, fullPage: true })
      await page.close()
    }
  } finally {
    await end()
  }
}
