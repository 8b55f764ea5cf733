/** `cutover fleet` on a real nats-server, with nodes in processes of their own. */
import type { FleetRevision, FleetStatus } from 'cutover/fleet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noNatsServer } from '../../fixtures/installed.js'
import { FleetProcesses } from '../../fleet/processes/fleetProcesses.js'
import { Command, type Ended, spawnCommand } from '../command.js'

const PERCENTS = [30, 100]
const WAVES = ['--waves', '30:100ms,100:100ms']

/** Makes the packages of NATS unknown to a process. */
const HOOK = `export const resolve = (name, context, next) => {
  if (name.startsWith('@nats-io/')) throw new Error('Cannot find package ' + name)
  return next(name, context)
}`
const REGISTER = `import { register } from 'node:module'
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOK)}`)})`

it('cutover fleet without the packages of NATS says what to install, and exits with 1', async () => {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(REGISTER)}` }
  const { code, stderr } = await Command.of(spawnCommand(['fleet', 'status', '--fleet', 'shop'], { env })).ended
  expect(stderr).toMatch(/^cutover: .*Install them: npm install @nats-io\/transport-node .*\n$/)
  expect(code).toBe(1)
})

describe.skipIf(noNatsServer !== undefined)(`cutover fleet ${noNatsServer ?? ''}`, { timeout: 240_000 }, () => {
  let all: FleetProcesses
  beforeAll(async () => {
    const timing = { heartbeat: 500, heartbeatTimeout: 2_500, senders: 1, pause: 1_000 }
    all = await FleetProcesses.start({ fleet: 'shop', count: 3, ...timing })
  }, 240_000)
  afterAll(() => all[Symbol.asyncDispose]())

  const env = () => ({
    CUTOVER_FLEET: 'shop',
    CUTOVER_FLEET_SERVER: all.server.url,
    CUTOVER_FLEET_HEARTBEAT: '500ms',
  })
  /** In this process. */
  const start = (...args: readonly string[]) => Command.here(['fleet', ...args], env())
  const run = (...args: readonly string[]) => start(...args).ended
  /** In a process of its own. */
  const spawn = (...args: readonly string[]) => spawnCommand(['fleet', ...args], { env: env() })
  const runProcess = (...args: readonly string[]): Promise<Ended> => Command.of(spawn(...args)).ended
  const status = async () => JSON.parse((await run('status', '--json')).stdout) as FleetStatus
  /** The names of the nodes, by wave. */
  const waves = (version: string) => {
    const waveOf = all.waveOf(version, PERCENTS)
    return PERCENTS.map((_, wave) =>
      [...waveOf]
        .filter(([, own]) => own === wave)
        .map(([name]) => name)
        .sort()
        .join(', '),
    )
  }

  it('says that nothing was deployed yet', async () => {
    const { code, stdout, stderr } = await runProcess('status')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('state      nothing was deployed yet\n')
    expect(stdout.match(/^– {5}n\d {4}1\.0\.0 {4}settled$/gm)).toHaveLength(3)
    expect(await run('history')).toEqual({ code: 0, stdout: 'Nothing was deployed yet.\n', stderr: '' })
  })

  it('deploy waits until all nodes are on the version, and exits with 0', async () => {
    const { code, stdout, stderr } = await runProcess('deploy', '2.0.0', ...WAVES)
    const [first, second] = waves('2.0.0')
    expect(stdout).toBe(`2.0.0
  over       1.0.0
  waves      30 % with a soak of 100ms, 100 % with a soak of 100ms
  wave       1 of 2, 30 %: ${first}
  wave       2 of 2, 100 %: ${second}
  passed     all 2 waves: 2.0.0 is permanent
  done       3 nodes on 2.0.0
`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { state, nodes } = await status()
    expect([state, ...nodes.map(({ version }) => version)]).toEqual(['permanent', '2.0.0', '2.0.0', '2.0.0'])
  })

  it('deploy exits with 1 and the reason when the fleet was halted, and all nodes are back', async () => {
    const { code, stdout } = await run('deploy', '3.0.0-verify', ...WAVES)
    const [first] = waves('3.0.0-verify')
    // It may be halted before the command has heard of the wave.
    expect(stdout).toContain(`  halted     Version 3.0.0-verify failed in wave 1 of 2: ${first}: `)
    expect(stdout).toContain('This version is flawed.\n  back       3 nodes on 2.0.0\n')
    expect(stdout).not.toContain('2 of 2')
    expect(code).toBe(1)
    expect((await run('status')).stdout).toMatch(/^state {6}halted: back to 2\.0\.0 from 3\.0\.0-verify$/m)
  })

  it('pause, resume and halt act on what is under way, which deploy --no-wait has left', async () => {
    const deployed = await run('deploy', '4.0.0', '--waves', '30:1h,100', '--no-wait')
    expect(deployed).toMatchObject({ code: 0, stdout: expect.stringContaining('see cutover fleet status') })
    const second = await run('deploy', '5.0.0')
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('version 4.0.0 is under way') })
    expect((await run('pause')).stdout).toMatch(/^Paused: no node begins with 4\.0\.0/)
    expect((await status()).state).toBe('paused')
    expect((await run('resume')).stdout).toBe('Resumed: 4.0.0 is in wave 1 of 2.\n')
    const waiting = start('deploy', '5.0.0', '--force', '--waves', '30:1h,100')
    await waiting.printed('wave       1 of 2')
    expect((await run('halt', 'Too many complaints.')).stdout).toBe('Halted: all nodes go back to 2.0.0.\n')
    const ended = await waiting.ended
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('  halted     Too many complaints.\n') })
    expect(await run('halt')).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing is under way') })
  })

  it('deploy says after its timeout, or at Ctrl-C, that the fleet goes on, and exits with 1', async () => {
    const late = await run('deploy', '6.0.0', '--waves', '30:1h,100', '--timeout', '1ms')
    const goesOn = 'The fleet goes on by itself: see cutover fleet status, pause or halt.\n'
    expect(late).toMatchObject({ code: 1, stderr: `cutover: It is under way after 1ms. ${goesOn}` })
    const child = spawn('deploy', '6.0.0', '--waves', '30:1h,100', '--force')
    const command = Command.of(child)
    await command.printed('wave       1 of 2')
    child.kill('SIGINT')
    expect(await command.ended).toMatchObject({ code: 1, stderr: `cutover: Interrupted. ${goesOn}` })
  })

  it('deploy that is overtaken by another order says so, and exits with 1', async () => {
    const command = start('deploy', '7.0.0', '--waves', '30:1h,100', '--force')
    await command.printed('wave       1 of 2')
    expect(await run('deploy', '8.0.0', '--force', ...WAVES)).toMatchObject({ code: 0 })
    const message = 'cutover: Another order took the place of 7.0.0: the fleet moves to 8.0.0.\n'
    expect(await command.ended).toMatchObject({ code: 1, stderr: message })
  })

  it('deploy outlives a crash of the server', async () => {
    const command = start('deploy', '9.0.0', '--waves', '30:3s,100:100ms')
    await command.printed('wave       1 of 2')
    // A node that moves while NATS is away may count as silent.
    await all.until(() => all.nodes.some(({ snapshot }) => snapshot?.target === '9.0.0' && snapshot.state === 'proven'))
    await all.server.kill()
    await command.printed('NATS is away: the nodes serve on')
    await all.server.launch()
    const { code, stdout } = await command.ended
    expect(stdout).toContain('NATS is back')
    expect({ code, done: stdout.includes('done       3 nodes on 9.0.0') }).toEqual({ code: 0, done: true })
  })

  it('history lists what was deployed', async () => {
    const { stdout } = await run('history')
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map(line => line.replace(/^\S+ {2}/, ''))
    expect(lines.slice(0, 4)).toEqual([
      'deployed 2.0.0 over 1.0.0: 30 % with a soak of 100ms, 100 % with a soak of 100ms',
      '2.0.0 opened wave 2 (100 %)',
      '2.0.0 is permanent',
      'deployed 3.0.0-verify over 2.0.0: 30 % with a soak of 100ms, 100 % with a soak of 100ms',
    ])
    const revisions = JSON.parse((await run('history', '--json')).stdout) as FleetRevision[]
    expect(revisions).toHaveLength(lines.length)
  })

  it('status --watch prints what changes until Ctrl-C, and exits with 0', async () => {
    const child = spawn('status', '--watch', '--json')
    const command = Command.of(child)
    await command.printed('"state":"permanent"')
    expect(await run('deploy', '10.0.0', '--waves', '30:2s,100:100ms', '--no-wait')).toMatchObject({ code: 0 })
    await command.printed('"state":"rolling"')
    child.kill('SIGINT')
    const { code, stdout } = await command.ended
    expect(code).toBe(0)
    for (const line of stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toMatchObject({ fleet: 'shop' })
    await all.until(() => all.nodes.every(({ snapshot }) => snapshot?.version === '10.0.0'))
  })

  it('forget removes a node that is gone, and refuses one that is unknown', async () => {
    await all.node('n3').kill()
    expect(await run('forget', 'n3')).toEqual({
      code: 0,
      stdout: 'The fleet does not count n3 any more.\n',
      stderr: '',
    })
    expect((await status()).nodes.map(({ name }) => name)).not.toContain('n3')
    expect(await run('forget', 'n9')).toMatchObject({ code: 1, stderr: expect.stringContaining('No node "n9"') })
  })

  it.each([
    ['a version that is none', ['deploy', 'latest'], 'latest'],
    ['a name of a fleet that is none', ['status', '--fleet', 'a.b'], 'fleet'],
    [
      'a file that is not there',
      ['status', '--creds', '/none.creds'],
      'Option --creds names a file that cannot be read',
    ],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stderr } = await run(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('says in one line that no server is there, and exits with 1', async () => {
    const { code, stderr } = await run('status', '--server', 'nats://127.0.0.1:1')
    expect(stderr).toMatch(/^cutover: Cannot connect to NATS at nats:\/\/127\.0\.0\.1:1: .*Check --server.*\n$/)
    expect(code).toBe(1)
  })
})
