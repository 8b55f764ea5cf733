import * as machines from 'cutover/machines'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { buildOwnLayouts, OWN_MACHINES, ownCharts } from '../../../src/inspect/page/chart/buildOwnLayouts.js'
import { hasKnownWidths, measureKnown } from '../../../src/inspect/page/chart/knownWidths.js'
import { type OwnLayouts, ownLayoutFinder } from '../../../src/inspect/page/chart/ownLayouts.js'
import { parseChart } from '../../../src/inspect/page/chart/parseChart.js'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { PageServer } from '../../fixtures/inspect/pageServer.js'
import { recordSwitch } from '../../fixtures/inspect/recordSwitch.js'
import { visit } from '../../fixtures/inspect/visit.js'

const definitions = new Definitions(value => value)
const definitionOf = ({ config, id }: AnyStateMachine) => definitions.jsonOf(config, id)

/** The same definition with its keys in reverse order. Stately's inspector sorts them. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  )
}

describe('The layouts of our own charts', () => {
  let layouts: OwnLayouts = {}
  beforeAll(async () => {
    layouts = await buildOwnLayouts()
  })
  const find = (definition: string) => {
    const chart = parseChart(definition)
    return chart === undefined ? undefined : ownLayoutFinder(layouts, measureKnown)(chart)
  }

  it('are those of every machine that cutover/machines exports', () => {
    const { aggregateMachine, versionMachine, supervisorMachine, connectionMachine, moduleRunMachine, rolloutMachine } =
      machines
    expect(OWN_MACHINES).toEqual(
      expect.arrayContaining([
        aggregateMachine,
        versionMachine,
        supervisorMachine,
        connectionMachine,
        moduleRunMachine,
        rolloutMachine,
      ]),
    )
    expect(ownCharts()).toHaveLength(OWN_MACHINES.length)
  })

  it.each(OWN_MACHINES.map(machine => [machine.id, machine] as const))(
    'have a place for every state, arrow and label of %s, also if its keys come in another order',
    (_, machine) => {
      for (const definition of [definitionOf(machine), JSON.stringify(reversed(JSON.parse(definitionOf(machine))))]) {
        const layout = find(definition)
        const chart = parseChart(definition)
        const drawn = layout?.states.map(({ state }) => state.path) ?? []
        expect(drawn.filter(path => path !== '')).toEqual([...(chart?.states.keys() ?? [])].filter(path => path !== ''))
        for (const { box } of layout?.states ?? []) expect(Math.min(box.width, box.height)).toBeGreaterThan(0)
        expect(layout?.arrows.length).toBeGreaterThan(0)
        for (const { path, label } of layout?.arrows ?? []) {
          expect(path).toMatch(/^M/)
          expect(label?.width).toBeGreaterThan(0)
        }
      }
    },
  )

  it("are found for the definitions that Stately's inspector sends", async () => {
    const { settled } = await recordSwitch()
    const definitions = settled.flatMap(({ type, definition }) => (type === '@xstate.actor' ? [definition] : []))
    expect(definitions.length).toBeGreaterThan(1)
    for (const definition of definitions) expect(find(String(definition))).toBeDefined()
  })

  it('are not used for a chart with another state, transition or label', () => {
    const config = JSON.parse(definitionOf(machines.versionMachine))
    expect(find(JSON.stringify(config))).toBeDefined()
    const { starting, ...others } = config.states
    expect(find(JSON.stringify({ ...config, states: others }))).toBeUndefined()
    expect(find(JSON.stringify({ ...config, states: { ...config.states, another: {} } }))).toBeUndefined()
    const on = { ...starting.on, another: 'running' }
    expect(find(JSON.stringify({ ...config, states: { ...others, starting: { ...starting, on } } }))).toBeUndefined()
  })

  it('are not used in a browser with a wider font, whose texts would overlap', () => {
    expect(hasKnownWidths(measureKnown)).toBe(true)
    expect(hasKnownWidths((text, font) => measureKnown(text, font) * 1.1)).toBe(false)
    const [chart] = ownCharts()
    if (chart === undefined) throw new Error('no chart')
    expect(ownLayoutFinder(layouts, text => text.length * 20)(chart)).toBeUndefined()
  })

  it('are not found by a name that every object has', () => {
    const [chart] = ownCharts()
    if (chart === undefined) throw new Error('no chart')
    expect(ownLayoutFinder({}, measureKnown)(chart)).toBeUndefined()
  })
})

/** Replaces the worker by one that never answers, as on a machine that is very busy. */
const SILENT_WORKER = `
  window.workers = 0
  window.Worker = class {
    constructor() { window.workers++ }
    postMessage() {}
    terminate() {}
  }`

/** To evaluate in the page: the largest difference between the browser's width of a text and the expected one. */
const WIDER = `texts => {
  const context = document.createElement('canvas').getContext('2d')
  context.font = '600 11.5px "Helvetica Neue", Arial, "Liberation Sans", sans-serif'
  return Math.max(...texts.map(({ text, width }) => context.measureText(text).width - width))
}`

inBrowser('A page whose layout worker never answers', browser => {
  async function open() {
    const server = await PageServer.start()
    const visited = await visit(browser())
    await visited.page.addInitScript(SILENT_WORKER)
    await visited.page.goto(server.url)
    return { server, ...visited }
  }
  const at = (sessionId: string) => ({ sessionId, createdAt: '1' })

  it.each(OWN_MACHINES.map(machine => [machine.id, machine] as const))(
    'draws our own chart at once, as it is built in: %s',
    async (_, machine) => {
      const { server, page, complaints } = await open()
      await using _server = server
      const definition = definitionOf(machine)
      server.send({ ...at('a'), type: '@xstate.actor', name: 'a', definition, snapshot: {} })
      await page.locator('.canvas .state').first().waitFor()
      const drawn = await page.locator('.canvas .state').evaluateAll(states => states.map(it => it.dataset['state']))
      const paths = [...(parseChart(definition)?.states.keys() ?? [])]
      expect(drawn.filter(path => path !== '')).toEqual(paths.filter(path => path !== ''))
      expect(await page.evaluate('window.workers')).toBe(0)
      expect(complaints).toEqual([])
    },
  )

  it("lists the states of another's chart, marks the active ones, and goes on with other actors", async () => {
    const { server, page } = await open()
    await using _server = server
    const definition = JSON.stringify({
      id: 'light',
      initial: 'red',
      states: { red: { initial: 'walk', states: { walk: {}, wait: {} } }, green: { on: { next: 'red' } } },
    })
    const light = { ...at('light'), type: '@xstate.actor', name: 'light', definition }
    server.send({ ...light, snapshot: { value: { red: 'walk' } } })
    const listed = page.locator('.chart [data-listed-state]')
    await listed.first().waitFor()
    expect(await listed.allInnerTexts()).toEqual(['red', 'walk', 'wait', 'green'])
    expect(await page.locator('.chart [aria-current=true]').allInnerTexts()).toEqual(['red', 'walk'])
    expect(await page.locator('.chart .empty').innerText()).toBe('Drawing … These are its states.')
    server.send({ ...at('light'), type: '@xstate.snapshot', event: { type: 'next' }, snapshot: { value: 'green' } })
    await page.locator('.chart [aria-current=true]', { hasText: 'green' }).waitFor()
    expect(await page.evaluate('window.workers')).toBe(1)
    const own = definitionOf(machines.aggregateMachine)
    server.send({ ...at('own'), type: '@xstate.actor', name: 'own', definition: own, snapshot: {} })
    await page.locator('#tree .row', { hasText: 'own' }).click()
    await page.locator('.canvas .state').first().waitFor()
  })

  it('has a font of the widths for which the layouts were computed', async () => {
    const { server, page } = await open()
    await using _server = server
    const labels = ownCharts().flatMap(({ transitions }) => transitions.map(({ label }) => label))
    const texts = labels.map(text => ({ text, width: measureKnown(text, 'label') }))
    expect(await page.evaluate<number>(`(${WIDER})(${JSON.stringify(texts)})`)).toBeLessThan(1)
  })
})
