import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { afterAllTests, Served, Site, saying } from './serving.js'

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

  describe('with one version', () => {
    const site = new Site(saying('one'), '1.0.0', afterAllTests())
    let served: Served
    beforeAll(async () => {
      served = await site.serve('--instances', '1')
    })

    it('cancels a rollout under way, and refuses what means nothing', async () => {
      const nothing = expect.stringContaining('no rollout is under way')
      expect(await site.ask('cancel')).toMatchObject({ code: 1, stderr: nothing })
      const none = expect.stringContaining('no version before')
      expect(await site.ask('rollback')).toMatchObject({ code: 1, stdout: none })
      const deploy = site.asking('deploy', '--steps', '50:1h')
      await deploy.printed('step ')
      expect(await site.run('cancel')).toMatchObject({ code: 0, stdout: expect.stringMatching(/ is cancelled\.\n$/) })
      expect(await deploy.ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/was cancelled.*\n$/) })
      expect(await served.get()).toMatch(/^one/)
    })

    it('goes on with a rollout whose command has ended, and ends it when the service ends', async () => {
      const interrupted = new Served(site.spawn('deploy', '--steps', '50:1h'))
      await interrupted.line('step ')
      interrupted.kill('SIGINT')
      await interrupted.exited
      expect((await site.status()).rollout.state).toBe('stepping')
      // A newer one takes its place.
      const newer = site.asking('deploy', '--steps', '50:1h')
      await newer.printed('step ')
      served.kill('SIGTERM')
      expect(await newer.ended).toMatchObject({ code: 1 })
      expect(await served.exited).toEqual([0, null])
    })
  })

  it('says which command is wrong, and that no service is there', async () => {
    const site = new Site(saying('one'))
    expect(await site.ask('deply')).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean deploy?') })
    expect(await site.run('serve')).toMatchObject({ code: 2, stderr: expect.stringContaining('Name the application') })
    expect(await site.ask('deploy')).toMatchObject({ code: 1, stderr: expect.stringContaining('No service answers') })
    expect(await site.run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})
