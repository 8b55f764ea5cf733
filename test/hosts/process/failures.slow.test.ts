import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { leftSince, resources } from '../../fixtures/handles.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { expectReplacement, guestFile, RemoteHost } from '../../fixtures/remoteHost.js'
import { gone, isAlive, socketDirectories } from '../../fixtures/system.js'

const run = promisify(execFile)
const LOST = 'CUTOVER_RUNTIME_LOST'
const FAILED = 'CUTOVER_START_FAILED'

describe('A process that does not come up', () => {
  it('exits before it connects: the failed start has its exit code and the end of its stderr', async () => {
    const code = "process.stderr.write('no licence'); process.exit(3)"
    await using host = RemoteHost.ofModule({ command: process.execPath, args: ['-e', code] })
    const error = await host.failure()
    expect(error).toMatchObject({ code: FAILED, cause: { exitCode: 3, signal: null, stderr: 'no licence' } })
    expect(error.message).toMatch(/Version 1\.0\.0 failed to start: it exited with code 3.*no licence/)
  })

  it('cannot be run at all: the failed start names the command', async () => {
    await using host = RemoteHost.ofModule({ command: '/nowhere/to/be/found' })
    expect((await host.failure()).message).toMatch(/nowhere\/to\/be\/found/)
  })

  it('finds no free file descriptor: the failed start says so, and the next attempt is made', async () => {
    const program = fileURLToPath(new URL('../../fixtures/processes/lacksFiles.mjs', import.meta.url))
    const saysFor = async (free: number) => {
      const script = 'ulimit -n 64 && exec "$0" "$@"'
      const { stdout } = await run('/bin/sh', ['-c', script, process.execPath, program, `${free}`])
      return stdout
    }
    // Enough for the socket, and not for the process.
    expect(await saysFor(3)).toMatch(
      /^failedToStart .* too many open files.*\n(failedToStart .*\n)*started \nstopped \n$/,
    )
    // Not enough for the socket.
    expect(await saysFor(1)).toMatch(/^failedToStart .* The socket .*\n(failedToStart .*\n)*started \nstopped \n$/)
  })

  it('connects and never answers: it is killed after startTimeout', async () => {
    await using host = RemoteHost.ofRawGuest('mute', { startTimeout: 200 })
    expect((await host.failure()).message).toBe(
      'Version 1.0.0 did not start within 200 ms (startTimeout). See its output, or raise startTimeout.',
    )
  })

  it('never connects: it is killed after connectTimeout', async () => {
    const args = ['-e', 'setInterval(() => {}, 1000)']
    await using host = RemoteHost.ofModule({ command: process.execPath, args, connectTimeout: 200 })
    expect((await host.failure()).message).toBe(
      'Version 1.0.0 did not load or connect within 200 ms (connectTimeout). See its output, or raise connectTimeout.',
    )
  })

  it.each([
    ['wrongVersion', /0\.2\.0.*1\.0\.0|1\.0\.0.*0\.2\.0/],
    ['wrongProtocol', /4\.1\.0.*5\.1\.0|5\.1\.0.*4\.1\.0/],
    ['wrongRuntimeId', /runtime_id/],
    ['notInfo', /RuntimePingResponse.*RuntimeInfoResponse|RuntimeInfoResponse.*RuntimePingResponse/],
    ['refuse', /not today/],
  ])('answers with %s: the failed start names what was expected and what came', async (misdeed, message) => {
    await using host = RemoteHost.ofRawGuest(misdeed)
    const error = await host.failure()
    expect(error).toMatchObject({ code: FAILED })
    expect(error.message).toMatch(message)
  })

  it('answers under a wrong id: it is as if it had not answered', async () => {
    await using host = RemoteHost.ofRawGuest('wrongId', { startTimeout: 200 })
    expect((await host.failure()).message).toMatch(/startTimeout/)
  })

  it('throws while it is loaded: the failed start says what it threw', async () => {
    const module = new URL('../../fixtures/modules/throws.mjs', import.meta.url)
    await using host = RemoteHost.ofModule({ module })
    expect((await host.failure()).message).toMatch(/broken module/)
  })
})

describe('What a process says of its failure', () => {
  it.each([
    ['in an error', 'throw new Error(said)'],
    ['on stderr', 'process.stderr.write(said); process.exit(1)'],
  ])('%s cannot control a terminal, nor begin a line of its own', async (_, deed) => {
    const start = `export const start = () => { const said = 'no \\u001b[31mlicence\\nversion 9'; ${deed} }, call = () => 0`
    const module = new URL(`data:text/javascript,${encodeURIComponent(start)}`)
    await using host = RemoteHost.ofModule({ module })
    const { message } = await host.failure()
    expect(message).toContain('no \\x1b[31mlicence\\nversion 9')
    expect(message).not.toMatch(/\p{Cc}/u)
  })
})

describe('A process that breaks the protocol', () => {
  const host = RemoteHost.ofRawGuest('none', { maxBackoff: 20 })
  beforeAll(async () => {
    await host.started()
    return () => host.runtime.stop()
  })

  it.each(['huge', 'garbage', 'half', 'zero', 'duplicateKeys', 'trailing'])(
    'sends a frame that is %s: the call is lost, the process is replaced, and the next call is answered',
    async misdeed => {
      const before = host.types.length
      const again = host.next('started')
      expect(await rejectionOf(host.do(misdeed))).toMatchObject({ code: LOST, version: '1.0.0' })
      await again
      expect(await host.do('answer')).toEqual({ do: 'answer' })
      expect(host.types.slice(before)).toEqual(['stopped', 'started'])
    },
  )

  it.each([
    ['unknownId', 'for you'],
    ['twice', 'first'],
  ])('sends a response that nobody waits for (%s): it is logged, and no call suffers', async (misdeed, answer) => {
    // It is logged once for each process.
    await using host = await RemoteHost.ofRawGuest(misdeed).started()
    expect(await host.do('answer')).toBe(answer)
    expect(await host.do('answer', { value: 2 })).toEqual({ do: 'answer', value: 2 })
    expect(host.types).toEqual(['started'])
    expect(host.logs.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  it('floods the host with requests of its own: the host goes on', async () => {
    expect(await host.do('floodOfRequests')).toBe('flooded')
    expect(await host.do('answer')).toEqual({ do: 'answer' })
  })
})

describe('A process that dies with calls in flight', () => {
  const mortal = RemoteHost.ofModule({ execArgv: ['--max-old-space-size=32'], maxBackoff: 20 })
  beforeAll(async () => {
    await mortal.started()
    return () => mortal.runtime.stop()
  })

  it.each([
    ['sigkill', { exitCode: null, signal: 'SIGKILL' }],
    ['exit', { exitCode: 3, signal: null, stderr: 'I am leaving' }],
    ['throwLater', { exitCode: 1, stderr: expect.stringContaining('nobody catches this') }],
    ['eat', { signal: 'SIGABRT', stderr: expect.stringContaining('heap') }],
  ])('by %s: every call rejects, saying how it died, and the next process answers', async (deed, cause) => {
    await expectReplacement(mortal, deed, cause)
  })

  it('blocks its event loop for ever: the watchdog replaces it', async () => {
    await using host = await RemoteHost.ofModule({ watchdogInterval: 100, watchdogTimeout: 200 }).started()
    const again = host.next('started')
    expect((await rejectionOf(host.do('block'))) as Error).toMatchObject({
      code: LOST,
      message: expect.stringMatching(/did not answer a ping within 200 ms/),
    })
    await again
    expect(await host.do('answer', { value: 1 })).toBe(1)
  })

  it('blocks its event loop when it is to stop: it is killed in the end', async () => {
    const host = await RemoteHost.ofModule({ shutdownTimeout: 100, killTimeout: 100 }).started()
    const pid = (await host.do('pid')) as number
    host.do('block').catch(() => {})
    await host.runtime.stop()
    expect([isAlive(pid), host.types]).toEqual([false, ['started', 'stopped']])
  })

  it('hangs in its start: a stop need not wait for SIGKILL', async () => {
    const module = new URL('data:text/javascript,export const start = () => new Promise(() => {}), call = () => 0')
    const host = RemoteHost.ofModule({ module, shutdownTimeout: 100, killTimeout: 15_000 })
    host.runtime.start()
    await host.logged('a runtime has connected')
    await host.runtime.stop()
    expect(host.types).toEqual(['stopped'])
  })

  it('ignores SIGTERM and the request to stop: it is killed', async () => {
    const host = await RemoteHost.ofRawGuest('none', { shutdownTimeout: 50, killTimeout: 100 }).started()
    await host.runtime.stop()
    const stubborn = await RemoteHost.ofModule({ killTimeout: 100 }).started()
    const pid = (await stubborn.do('pid')) as number
    await stubborn.do('ignoreSigterm')
    await stubborn.runtime.stop()
    expect(isAlive(pid)).toBe(false)
  })
})

describe('A process in surroundings that change', () => {
  it('loses its working directory: it stays up, and is launched again, whether asked to or killed', async () => {
    const { stdout } = await run(process.execPath, [guestFile('losesDirectory').pathname])
    const { stayed, after, events } = JSON.parse(stdout)
    expect({ stayed, after }).toEqual({ stayed: true, after: [0, 1, 2, 3] })
    expect(events.join()).toMatch(/^(started,stopped,){5}(stopped)?$/)
  })

  it('may neither start threads nor processes: it comes up', async () => {
    const known = (flag: string) => process.allowedNodeEnvironmentFlags.has(flag)
    const permission = known('--permission') ? '--permission' : '--experimental-permission'
    // Before Node.js 25 the network is always allowed.
    const network = known('--allow-net') ? ['--allow-net'] : []
    const execArgv = [permission, '--allow-fs-read=*', ...network]
    await using host = await RemoteHost.ofModule({ execArgv }).started()
    expect(await host.do('answer', { value: 1 })).toBe(1)
  })

  it('has a variable that no shell passes on: it runs without orphan watch, and the logger is told', async () => {
    await using host = await RemoteHost.ofModule({ env: { 'a.b': 'kept' } }).started()
    expect(await host.do('env')).toMatchObject({ 'a.b': 'kept' })
    expect(host.logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'a guest runs without orphan watch, and may stay when this process is killed: ' +
        'its variable "a.b" does not pass through a shell',
    ])
  })
})

describe('A process that leaves things behind', () => {
  it('writes 100 MB to stdout: the host neither stores it nor falls behind', async () => {
    await using host = await RemoteHost.ofModule().started()
    const before = process.memoryUsage().rss
    expect(await host.do('flood', { megabytes: 100 })).toBe('flooded')
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024)
    expect(host.logs.length).toBeLessThan(10_000)
    expect(await host.do('answer', { value: 1 })).toBe(1)
  })

  it.each(['stop', 'exit'])('a grandchild is gone after its %s', async how => {
    const host = await RemoteHost.ofModule().started()
    const grandchild = (await host.do('grandchild')) as number
    expect(isAlive(grandchild)).toBe(true)
    if (how === 'exit') await Promise.all([host.next('stopped'), rejectionOf(host.do('exit'))])
    else await host.runtime.stop()
    await gone([grandchild])
    await host.runtime.stop()
  })

  it('no directory, process or handle is left after a stop', async () => {
    const { ProcessWrap: _, ...before } = resources()
    // Those of the tests before it.
    expect(await leftSince(before)).toEqual([])
    const host = await RemoteHost.ofModule().started()
    const pid = (await host.do('pid')) as number
    expect(socketDirectories(process.pid)).toEqual([])
    await host.runtime.stop()
    expect(isAlive(pid)).toBe(false)
    expect(await leftSince(before)).toEqual([])
  })
})
