import { expect, it, onTestFinished } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { startBuiltInspector } from '../../fixtures/inspect/liveProgram.js'
import { selectRow, untilActive, visit } from '../../fixtures/inspect/visit.js'
import { Rolling } from '../../rollout/rolling.js'

inBrowser('The page of a program with a rollout', browser => {
  it('shows its statechart, its states and the evidence on the timeline, and why a version is gone again', async () => {
    const inspector = await startBuiltInspector()
    const { inspect } = inspector
    const rolling = new Rolling({ inspect, soak: 1_000 }, { inspect })
    onTestFinished(() => rolling.rollout[Symbol.asyncDispose]())
    inspector.watch(rolling.aggregate)
    inspector.watch(rolling.rollout)
    const { page, complaints } = await visit(browser())
    await page.goto(inspector.url)
    await rolling.serve('1.0.0')
    await selectRow(page, /rollout markdown/)
    await untilActive(page, 'idle')

    const { promise } = await rolling.order('2.0.0', { steps: [{ percent: 50, for: 1_000 }] })
    await rolling.calls(20)
    await untilActive(page, 'stepping.running')
    const row = page.locator('.timeline [data-rollout=markdown]')
    await row.locator('.bar.rollout-stepping').waitFor()
    const { candidate, active } = rolling.rollout.status().progress ?? {}
    const judged = `0 of ${candidate?.calls} calls of 2.0.0 failed, 0 of ${active?.calls} of 1.0.0; evidence 0 of 1,000`
    await page.locator('.details', { hasText: `Judged unknown: ${judged}` }).waitFor()
    const title = await row.locator('.bar.rollout-stepping title').textContent()
    expect(title).toMatch(/^2\.0\.0: stepping at 50 % since [\d:.]+; unknown: 0 of /)
    expect(await page.locator('.timeline svg').getAttribute('aria-label')).toContain(
      '; rollout of 2.0.0: stepping at 50 %',
    )

    rolling.failing.add('2.0.0')
    for (let n = 0; n < 100 && rolling.place.startsWith('stepping'); n++) await rolling.calls(1)
    expect(await promise.catch(({ code }) => code)).toBe('CUTOVER_REJECTED')
    await untilActive(page, 'idle')
    const end = page.locator('.timeline .rollout-end.failed title')
    await end.waitFor({ state: 'attached' })
    expect(await end.textContent()).toMatch(
      /^2\.0\.0 is gone again \(CUTOVER_REJECTED\) at [\d:.]+: It fails more often than the active version: /,
    )
    expect(await row.locator('.evidence').getAttribute('d')).toMatch(/^M/)
    await row.locator('text', { hasText: 'rollout markdown' }).waitFor()
    expect(complaints).toEqual([])
  })
})
