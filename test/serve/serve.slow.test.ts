import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { gone } from '../fixtures/system.js'
import { afterAllTests, application, Served, Site, saying } from './serving.js'

const QUICK = ['--instances', '1', '--soak', '0'] as const
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const pidIn = (text: string) => Number(text.split(' ').at(-1))

describe('cutover serve', () => {
  it('serves an application, deploys another one, goes back, tells all of it, and stops', async () => {
    const site = new Site(saying('one'), '1.4.0')
    const served = await site.serve('--instances', '2', '--soak', '0')
    const one = await served.get()
    expect(one).toMatch(/^one \d+$/)

    site.write(saying('two'), '1.4.0')
    const deployed = await site.run('deploy')
    expect(deployed).toMatchObject({ code: 0, stderr: '' })
    const [version = ''] = deployed.stdout.split('\n')
    expect(version).toMatch(/^1\.4\.0-\d{14}\.[0-9a-f]{6,}$/)
    expect(deployed.stdout).toContain(`done       ${version} stays.`)
    expect(await served.get()).toMatch(/^two/)

    const status = JSON.parse((await site.run('status', '--json')).stdout)
    expect(status).toMatchObject({ active: version, url: served.url, rollout: { state: 'idle', permanent: version } })
    expect(status.versions).toMatchObject([{ version, role: 'active', share: 100, failed: 0, processes: { up: 2 } }])
    expect((await site.run('status')).stdout).toContain('2 of 2 processes up')

    expect(await site.run('rollback')).toMatchObject({ code: 0 })
    expect(await served.get()).toMatch(/^one/)
    expect((await site.run('logs')).stdout).toContain(`cutover: ${version} is preparing`)
    expect(await site.run('stop')).toMatchObject({ code: 0, stdout: 'The service has ended.\n' })
    expect(await served.exited).toEqual([0, null])
    await gone([pidIn(one)])
    expect(readdirSync(site.state).sort()).toEqual(['releases', 'rollout.json'])
  })

  it('lets requests finish on SIGTERM, and ends at once on a second one', async () => {
    const site = new Site(application('slow'))
    const served = await site.serve('--instances', '1')
    const answer = served.get('/slow')
    await served.line('/slow came')
    served.kill('SIGTERM')
    expect(await answer).toBe('finished')
    expect(await served.exited).toEqual([0, null])

    const again = new Site(application('slow'))
    const hanging = await again.serve('--instances', '1')
    const pid = Number(await hanging.get())
    const lost = expect(hanging.get('/never')).rejects.toThrow()
    await hanging.line('/never came')
    hanging.kill('SIGTERM')
    await hanging.line('SIGTERM')
    hanging.kill('SIGTERM')
    expect(await hanging.exited).toEqual([143, null])
    await lost
    await gone([pid])
    expect(readdirSync(again.state)).not.toContain('control.sock')
  })

  it('reads cutover.config.mjs, behind the environment and the command line', async () => {
    const site = new Site(saying('one'))
    const source =
      "export default { app: 'app.mjs', port: 0, instances: 1, soak: 0, steps: [{ percent: 50, for: 100 }] }"
    writeFileSync(join(site.folder, 'cutover.config.mjs'), source)
    const served = new Served(site.spawn('serve'))
    await served.line('listens on')
    const { stdout, code } = await site.ask('deploy')
    expect(code).toBe(0)
    expect(stdout).toContain('step       1 of 1: 50 % of the requests, 100ms')
    served.kill('SIGTERM')
    await served.exited
  })
})

describe('A service', () => {
  const site = new Site(saying('one'), '1.0.0', afterAllTests())
  let served: Served
  beforeAll(async () => {
    chmodSync(site.app, 0o777)
    served = await site.serve(...QUICK)
  })

  it('keeps its state for its user alone, and the last three releases', async () => {
    expect([mode(site.state), mode(join(site.state, 'releases'))]).toEqual(['700', '700'])
    for (const file of ['control.sock', 'rollout.json']) expect(mode(join(site.state, file))).toBe('600')
    const [release = ''] = readdirSync(join(site.state, 'releases'))
    const files = join(site.state, 'releases', release, 'files')
    expect([mode(files), mode(join(files, 'app.mjs')), mode(join(files, 'package.json'))]).toEqual([
      '700',
      '700',
      '600',
    ])
    for (let n = 0; n < 4; n++) expect(await site.ask('deploy')).toMatchObject({ code: 0 })
    const { releases, rollout } = await site.status()
    expect(releases).toHaveLength(3)
    expect(releases).toEqual(expect.arrayContaining([rollout.permanent, rollout.previous]))
  })

  it('holds its state folder, and another one says so', async () => {
    const other = await site.run('serve', site.app, '--port', '0')
    expect(other.code).toBe(1)
    expect(other.stderr).toContain(`is in use by process ${served.child.pid}.`)
    expect(await served.get()).toMatch(/^one/)
  })

  it('deploys the same path on SIGHUP', async () => {
    const stays = () => served.lines.filter(line => line.includes('stays.')).length
    site.write(saying('two'))
    const before = stays()
    served.kill('SIGHUP')
    await served.line('stays.', before + 1)
    expect(await served.get()).toMatch(/^two/)
  })

  it('comes up with the version that proved itself, whatever is at the path meanwhile', async () => {
    served.kill('SIGKILL')
    await served.exited
    site.write('throw new Error("broken")')
    served = await site.serve(...QUICK)
    expect(await served.get()).toMatch(/^two/)
  })

  it('tells what the application writes, and goes on telling with -f', async () => {
    site.write('console.log("hello"); export const fetch = () => (console.error("asked"), new Response())')
    expect(await site.ask('deploy')).toMatchObject({ code: 0 })
    const follower = new Served(site.spawn('logs', '-f'))
    await follower.line('#0: hello')
    await served.get()
    await follower.line('#0: asked')
    served.kill('SIGTERM')
    expect(await follower.exited).toEqual([0, null])
    expect(await served.exited).toEqual([0, null])
  })
})
