import { expect, it } from 'vitest'
import { inBrowser } from '../fixtures/inspect/inBrowser.js'
import { selectRow, untilActive, visit } from '../fixtures/inspect/visit.js'
import { Served, Site, saying } from './serving.js'

inBrowser('The page of cutover serve --inspect', browser => {
  it('shows a rollout: its states, its share on the timeline, and why the version is gone again', async () => {
    const site = new Site(saying('one'))
    const served = await site.serve('--instances', '1', '--inspect')
    const { inspector } = await site.status()
    const { page, complaints } = await visit(browser())
    await page.goto(inspector ?? '')
    await selectRow(page, /rollout app/)
    await untilActive(page, 'idle')

    const deploy = new Served(site.spawn('deploy', '--steps', '50:1h'))
    await deploy.line('step ')
    await untilActive(page, 'stepping.running')
    await served.get()
    const row = page.locator('.timeline [data-rollout=app]')
    const title = row.locator('.bar.rollout-stepping title')
    await title.waitFor({ state: 'attached' })
    expect(await title.textContent()).toMatch(/: stepping at 50 % since /)

    await site.ask('cancel')
    await deploy.exited
    await untilActive(page, 'idle')
    const end = page.locator('.timeline .rollout-end title', { hasText: 'is gone again' })
    await end.waitFor({ state: 'attached' })
    expect(await end.textContent()).toMatch(/ is gone again \(CUTOVER_CANCELLED\)/)
    expect(complaints).toEqual([])
  })
})
