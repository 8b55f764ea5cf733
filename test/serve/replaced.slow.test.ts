/** Deploys that come while a service starts, and states in which it does not start by itself. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Served, Site, saying } from './serving.js'

/** An application that never comes up. */
const HANGS = `await new Promise(() => {})
${saying('never')}`

const ONE = ['--instances', '1'] as const

describe('A deploy while the service starts', () => {
  it('takes the place of the first application, and the service goes on with it', async () => {
    const site = new Site(saying('two'))
    const slow = join(site.folder, 'slow.mjs')
    writeFileSync(slow, HANGS)
    const served = new Served(site.spawn('serve', slow, '--port', '0', '--host', '127.0.0.1', ...ONE))
    await served.line('is preparing')
    expect(await site.run('deploy', site.app, '--soak', '0s')).toMatchObject({ code: 0 })
    await served.line('listens on')
    expect(await served.get()).toMatch(/^two/)
  })

  it('takes the place of a version that proved itself and cannot start any more', async () => {
    const site = new Site(saying('one'))
    const broken = join(site.folder, 'broken')
    site.write(`import { existsSync } from 'node:fs'
if (existsSync(${JSON.stringify(broken)})) throw new Error('no database')
${saying('one')}`)
    const first = await site.serve(...ONE)
    first.kill('SIGTERM')
    await first.exited
    writeFileSync(broken, '')
    const served = new Served(
      site.spawn('serve', '--port', '0', '--host', '127.0.0.1', ...ONE, '--start-timeout', '10m'),
    )
    await served.line('no database')
    site.write(saying('two'), '2.0.0')
    expect(await site.run('deploy', site.app, '--soak', '0s', '--start-timeout', '30s')).toMatchObject({ code: 0 })
    await served.line('listens on')
    expect(await served.get()).toMatch(/^two/)
  })
})

describe('A service', () => {
  it('whose last release is gone rolls out the application that is named, or says what to name', async () => {
    const site = new Site(saying('one'))
    const first = await site.serve(...ONE)
    first.kill('SIGTERM')
    await first.exited
    rmSync(join(site.state, 'releases'), { recursive: true })
    const message = 'Deploy another one, or name one: cutover serve app.mjs.'
    expect(await site.run('serve', '--port', '0')).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
    const served = await site.serve(...ONE)
    expect(await served.get()).toMatch(/^one/)
  })

  it('whose state folder is in the folder of the application, behind a link, is not copied into itself', async () => {
    const site = new Site(saying('one'))
    mkdirSync(join(site.folder, 'shared'))
    symlinkSync('shared', join(site.folder, 'current'))
    site.env = { CUTOVER_SERVE_STATE: join(site.folder, 'current', 'state') }
    const served = await site.serve(...ONE)
    expect(await served.get()).toMatch(/^one/)
  })

  it('takes no timeout of 0', async () => {
    const site = new Site(saying('one'))
    for (const option of ['--verify-timeout', '--start-timeout'])
      expect(await site.run('serve', site.app, option, '0s')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(new RegExp(`${option}.*more than 0`)),
      })
  })
})
