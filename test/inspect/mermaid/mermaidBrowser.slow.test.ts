import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { toMermaid } from 'cutover/inspect'
import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { awkwardMachine } from '../../fixtures/awkwardMachine.js'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'

/** Mermaid, as the page has it. */
declare const mermaid: {
  initialize(options: object): void
  render(id: string, text: string): Promise<{ readonly svg: string }>
}

const inPages = ['aggregate', 'version', 'supervisor', 'connection', 'coverage'].map(name => `docs/machines/${name}.md`)

function diagramsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/```mermaid\n(.*?)```/gs)].map(([, text = '']) => text)
}

inBrowser('Mermaid itself, in a browser,', browser => {
  let page: Page

  beforeAll(async () => {
    page = await browser().newPage()
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js') })
    await page.evaluate(() => mermaid.initialize({ startOnLoad: false, maxTextSize: 500_000, maxEdges: 2_000 }))
  })
  /** The texts that are drawn; rejects when it cannot be parsed. */
  async function textsOf(diagram: string): Promise<string> {
    const svg = await page.evaluate(async text => (await mermaid.render('drawing', text)).svg, diagram)
    return svg.replaceAll(/<style.*?<\/style>|<[^>]*>/gs, ' ')
  }

  it.each(inPages)('draws every diagram of %s', async path => {
    const diagrams = diagramsOf(path)
    expect(diagrams.length).toBeGreaterThan(0)
    for (const diagram of diagrams) expect(await textsOf(diagram)).not.toContain('Syntax error')
  })

  it.each([aggregateMachine, versionMachine, supervisorMachine, connectionMachine, awkwardMachine])(
    'draws every state of $id, and what leads from one to the other',
    async machine => {
      const drawn = await textsOf(toMermaid(machine))
      const names = Object.values(machine.root.states).map(({ key }) => key.replaceAll(/[":]/g, ''))
      for (const name of names) expect(drawn.replaceAll(/[”∶]/g, '')).toContain(name)
    },
  )
})
