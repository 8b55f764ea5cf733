import { readFileSync } from 'node:fs'
import { toMermaid } from 'cutover/inspect'
import { aggregateMachine, versionMachine } from 'cutover/machines'
import { beforeAll, expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'
import { buildPage } from '../../fixtures/inspect/pageServer.js'

beforeAll(buildPage, 60_000)

it('The built page contains the licences of the packages in it', () => {
  const licences = readFileSync('dist/page/licenses.md', 'utf8')
  const named = [...licences.matchAll(/^## (\S+) - \d+\.\d+\.\d+ \((.+)\)$/gm)].map(([, name, id]) => [name, id])
  expect(named).toEqual([
    ['elkjs', expect.stringContaining('EPL-2.0')],
    ['preact', 'MIT'],
    ['xstate', 'MIT'],
  ])
  expect(licences).toContain('Eclipse Public License - v 2.0')
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] }
  expect(files).toContain('dist/page')
})

inBrowser('The diagram of the shown chart', browser => {
  const definitions = new Definitions(value => value)
  const actor = ({ config, id }: AnyStateMachine) => ({
    type: '@xstate.actor',
    sessionId: id,
    name: `the ${id}`,
    definition: definitions.jsonOf(config, id),
    snapshot: { value: 'stopped' },
    createdAt: '1',
  })

  it('can be copied, and equals that of toMermaid', async () => {
    const { server, page, complaints } = await openPage(browser())
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    server.send(actor(aggregateMachine), actor(versionMachine))
    await page.getByRole('button', { name: 'Copy diagram' }).click()
    await page.locator('.diagram [role=status]', { hasText: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(toMermaid(aggregateMachine))
    expect(complaints).toEqual([])
  })

  it('can be downloaded, under the name of the machine', async () => {
    const { server, page } = await openPage(browser())
    server.send(actor(aggregateMachine), actor(versionMachine))
    await page.locator('#tree .row', { hasText: 'the version' }).click()
    await page.locator('.chart h2', { hasText: 'the version' }).waitFor()
    const button = page.getByRole('button', { name: 'Download diagram' })
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
    expect(download.suggestedFilename()).toBe('version.mmd')
    expect(readFileSync(await download.path(), 'utf8')).toBe(toMermaid(versionMachine))
  })

  it('shows a message if the browser does not allow copying', async () => {
    const { server, page, complaints } = await openPage(browser())
    await page.addInitScript(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`)
    await page.reload()
    server.send(actor(aggregateMachine), actor(versionMachine))
    await page.getByRole('button', { name: 'Copy diagram' }).click()
    await page.locator('.diagram [role=status]', { hasText: 'Copying not allowed' }).waitFor()
    expect(complaints).toEqual([])
  })
})
