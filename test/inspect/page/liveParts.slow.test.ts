import { Aggregate } from 'cutover'
import { Composite } from 'cutover/composite'
import { inProcess, pool, workerThread } from 'cutover/hosts'
import { expect, it, onTestFinished } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { startBuiltInspector } from '../../fixtures/inspect/liveProgram.js'
import { until, untilTree, visit } from '../../fixtures/inspect/visit.js'
import { guestFile } from '../../fixtures/remoteHost.js'

const NAMES = `[...document.querySelectorAll('.timeline text.lane')].map(text => text.firstChild.data)`

inBrowser('The page of a program whose versions have parts', browser => {
  it('has the instances of a pool in the tree, and as lanes below the version', async () => {
    const inspector = await startBuiltInspector()
    const { inspect } = inspector
    const aggregate = new Aggregate<unknown, unknown>({ id: 'markdown', inspect })
    onTestFinished(() => aggregate.dispose())
    const threads = pool(workerThread({ module: guestFile('mortal'), inspect, minBackoff: 0 }), { size: 2, inspect })
    aggregate.addVersion('1.0.0', threads.provision({ id: 'markdown', version: '1.0.0' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
    const { page, complaints } = await visit(browser())
    await page.goto(inspector.url)
    await untilTree(page, [
      'markdown: settled',
      '  1.0.0: running',
      '    pool: full',
      '      supervisor #0: idle',
      '        connection #0: ready',
      '      supervisor #1: idle',
      '        connection #1: ready',
    ])
    await until(page, `String(${NAMES}) === '1.0.0,#0,#1'`)
    const [first, second] = ['#0', '#1'].map(number => page.locator(`.timeline [data-instance="${number}"]`))
    for (const lane of [first, second]) await lane?.locator('.bar.running').waitFor()
    const title = 'Timeline of 1 versions, 2 instances, 0 switches, 0 swaps'
    expect(await page.locator('.timeline svg[role=img]').getAttribute('aria-label')).toBe(title)

    await aggregate.call('crash').catch(() => {})
    await first?.locator('.bar.running').nth(1).waitFor()
    expect(await second?.locator('.bar.running').count()).toBe(1)
    const stopped = aggregate.stop()
    for (const lane of [first, second]) await lane?.locator('.bar.stopped').waitFor()
    await stopped
    expect(complaints).toEqual([])
  })

  it('has the components of a composite below the version that it is', async () => {
    const inspector = await startBuiltInspector()
    const { inspect } = inspector
    const hosts = inProcess({ module: { call: (request: unknown) => request }, inspect })
    const provision = (version: string) => hosts.provision({ id: 'oracle', version })
    const composite = new Composite({ id: 'oracle', inspect })
    composite.addVersion('ronl', '3.0.0', provision('3.0.0'))
    await composite.setVersion('ronl', '3.0.0')
    const aggregate = new Aggregate({ id: 'oracle', inspect })
    onTestFinished(() => aggregate.dispose())
    aggregate.addVersion('1.0.0', composite)
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
    const { page, complaints } = await visit(browser())
    await page.goto(inspector.url)
    const upToNow = [
      'oracle: settled',
      '  1.0.0: running',
      '    oracle/ronl: settled',
      '      3.0.0: running',
      '        supervisor: idle',
    ]
    await untilTree(page, upToNow)
    composite.addVersion('rofl.prices', '3.1.0', provision('3.1.0'))
    await composite.setVersion('rofl.prices', '3.1.0')
    await untilTree(page, [
      ...upToNow,
      '    oracle/rofl.prices: settled',
      '      3.1.0: running',
      '        supervisor: idle',
    ])
    await until(page, `String(${NAMES}) === 'oracle 1.0.0,ronl 3.0.0,rofl.prices 3.1.0'`)
    expect(complaints).toEqual([])
  })
})
