/** `npm run docs:images`: pictures of the inspector during a real switch, light and dark, and of terminals during a deploy. */
import { mkdir } from 'node:fs/promises'
import { launchBrowser } from '../fixtures/inspect/browser.js'
import { PageServer } from '../fixtures/inspect/pageServer.js'
import { recordSwitch } from '../fixtures/inspect/recordSwitch.js'
import { takeTerminalPictures } from './terminalPictures.js'

await mkdir('docs/images', { recursive: true })
const recorded = await recordSwitch()
const browser = await launchBrowser()
const moments = { switching: 'running.stoppingActive', settled: 'running.settled' }
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    await using server = await PageServer.start()
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme, reducedMotion: 'reduce' })
    await page.goto(server.url)
    server.send(...recorded.settled, ...recorded.switching)
    for (const [name, state] of Object.entries(moments)) {
      await page.locator(`.state.active[data-state="${state}"]`).waitFor()
      await page.screenshot({ path: `docs/images/inspector-${name}-${colorScheme}.png` })
      server.send(...recorded.switched)
    }
    await page.close()
  }
  await takeTerminalPictures(browser)
} finally {
  await browser.close()
}
