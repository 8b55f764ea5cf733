import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Served, Site, saying } from './serving.js'

const last = (line: string | undefined) => line?.split(' ').at(-1) ?? ''

describe('cutover serve', () => {
  it('shows its state diagrams and its figures, and tells systemd when it is ready and when it ends', async () => {
    const site = new Site(saying('one'))
    const bin = join(site.folder, 'bin')
    const told = join(site.folder, 'told')
    mkdirSync(bin)
    writeFileSync(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$2" >> ${told}\n`)
    chmodSync(join(bin, 'systemd-notify'), 0o700)
    site.env = { NOTIFY_SOCKET: '/run/none', PATH: `${bin}:${process.env['PATH']}` }
    const served = await site.serve('--instances', '1', '--inspect', '--metrics', '0')
    await served.get()

    const page = await fetch(last(served.lines.find(line => line.includes('state diagrams'))))
    expect(await page.text()).toContain('<html')
    const figures = await fetch(last(served.lines.find(line => line.includes('figures'))))
    const { active } = await site.status()
    expect(await figures.text()).toContain(`cutover_requests_total{version="${active}"} 1`)

    served.kill('SIGTERM')
    expect(await served.exited).toEqual([0, null])
    expect(readFileSync(told, 'utf8')).toBe('READY=1\nSTOPPING=1\n')
  })

  it('cancels a rollout under way, and refuses what means nothing', async () => {
    const site = new Site(saying('one'))
    const served = await site.serve('--instances', '1')
    expect(await site.run('cancel')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no rollout is under way'),
    })
    expect(await site.run('rollback')).toMatchObject({ code: 1, stdout: expect.stringContaining('no version before') })
    const deploy = new Served(site.spawn('deploy', '--steps', '50:1h'))
    await deploy.line('step ')
    expect(await site.run('cancel')).toMatchObject({ code: 0, stdout: expect.stringMatching(/ is cancelled\.\n$/) })
    expect(await deploy.exited).toEqual([1, null])
    expect(deploy.lines.at(-1)).toContain('was cancelled')
    expect(await served.get()).toMatch(/^one/)
  })

  it('goes on with a rollout whose command has ended, and ends it when the service ends', async () => {
    const site = new Site(saying('one'))
    const served = await site.serve('--instances', '1')
    const interrupted = new Served(site.spawn('deploy', '--steps', '50:1h'))
    await interrupted.line('step ')
    interrupted.kill('SIGINT')
    await interrupted.exited
    expect((await site.status()).rollout.state).toBe('stepping')
    // A newer one takes its place.
    const newer = new Served(site.spawn('deploy', '--steps', '50:1h'))
    await newer.line('step ')
    served.kill('SIGTERM')
    expect(await newer.exited).toEqual([1, null])
    expect(await served.exited).toEqual([0, null])
  })

  it('says which command is wrong, and that no service is there', async () => {
    const site = new Site(saying('one'))
    expect(await site.run('deply')).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean deploy?') })
    expect(await site.run('serve')).toMatchObject({ code: 2, stderr: expect.stringContaining('Name the application') })
    expect(await site.run('deploy')).toMatchObject({ code: 1, stderr: expect.stringContaining('No service answers') })
    expect(await site.run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})
