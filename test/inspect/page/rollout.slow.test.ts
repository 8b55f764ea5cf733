import { expect, it } from 'vitest'
import { inBrowser } from '../../fixtures/inspect/inBrowser.js'
import { openPage } from '../../fixtures/inspect/openPage.js'
import { recordRollout } from '../../fixtures/inspect/recordRollout.js'
import { treeRow, until } from '../../fixtures/inspect/visit.js'

/** To evaluate in the page: the roles in the tree, from the top. */
const ROLES = `[...document.querySelectorAll('#tree .role')].map(it => it.textContent).join()`

inBrowser('The page during a rollout', browser => {
  it('shows the role, the share and the calls of each version, and on the timeline shares and swaps', async () => {
    const { server, page, complaints } = await openPage(browser())
    const { shared, swapped, back } = await recordRollout()
    const timeline = page.locator('.timeline svg')
    server.send(...shared)
    await until(page, `${ROLES} === 'active,next 10 %'`)
    await page.locator('#tree').focus()
    await page.keyboard.press('End')
    await page.locator('.details', { hasText: 'Role next, with 10 % of new calls' }).waitFor()
    const sessionId = shared.find(({ type }) => type === '@xstate.actor')?.['sessionId']
    const versions = [{ version: '2.0.0', calls: 12, answered: 11, failed: 1 }]
    server.send({ type: '@cutover.metrics', sessionId, createdAt: '1795000000001', metrics: { versions } })
    await page.locator('.details', { hasText: 'Calls 12: 11 answered, 1 failed' }).waitFor()
    expect(JSON.parse(await page.locator('[data-json=metrics]').innerText())).toEqual(versions[0])
    expect(await treeRow(page, 'next 10 %').getAttribute('title')).toMatch(/: running; next, with 10 % of new calls$/)
    await timeline.locator('[data-version="2.0.0"] .share text', { hasText: /^10 %$/ }).waitFor()
    expect(await timeline.getAttribute('aria-label')).toBe(
      'Timeline of 2 versions, 0 switches, 0 swaps; 2.0.0 gets 10 % of new calls',
    )

    server.send(...swapped, ...back)
    await until(page, `${ROLES} === 'active,next'`)
    await timeline.locator('.swap').nth(1).waitFor()
    const titles = await timeline.locator('.swap title').allTextContents()
    expect(titles).toEqual([
      expect.stringMatching(/^Swap: 2\.0\.0 active, 1\.0\.0 next at [\d:.]+$/),
      expect.stringMatching(/^Swap: 1\.0\.0 active, 2\.0\.0 next at [\d:.]+$/),
    ])
    expect(await timeline.locator('[data-version="1.0.0"] .share').count()).toBe(0)
    const shares = await timeline.locator('[data-version="2.0.0"] .share title').allTextContents()
    expect(shares).toEqual([
      expect.stringMatching(/^2\.0\.0: 10 % of new calls since [\d:.]+ until [\d:.]+$/),
      expect.stringMatching(/^2\.0\.0: 50 % of new calls since [\d:.]+ until [\d:.]+$/),
    ])
    expect(await timeline.getAttribute('aria-label')).toBe('Timeline of 2 versions, 0 switches, 2 swaps')
    expect(complaints).toEqual([])
  })
})
