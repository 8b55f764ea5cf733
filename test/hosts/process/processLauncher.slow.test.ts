import { execFile, execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { directory, gone, isAlive } from '../../fixtures/system.js'
import { Carried, directoriesOfOurs, exists, fixture, running } from './launched.js'

const waits = () => running('printsEnvironment.mjs')
const socketOf = async (carried: Carried) => {
  const { fields } = await carried.line('environment')
  return (fields['env'] as Record<string, string>)['CUTOVER_HOST'] ?? ''
}

describe('what a guest reads from its standard input', () => {
  const input = 'x'.repeat(1_000_000)

  it('may be left unread by one that exits', async () => {
    const carried = new Carried({ ...running('saysAndExits.mjs'), input }).launch()
    expect(await carried.exited).toMatchObject({ code: 3, stderr: expect.stringContaining('no rules') })
  })

  it('may be left unread by one that is killed', async () => {
    const carried = new Carried({ ...waits(), input }).launch()
    await carried.line('environment')
    carried.launcher.kill()
    expect(await carried.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  it('is nothing where the command brings none', async () => {
    const script = 'process.stdin.on("end", () => process.exit(5)).resume()'
    const carried = new Carried({ file: process.execPath, args: ['-e', script], env: {} }).launch()
    expect(await carried.exited).toMatchObject({ code: 5 })
  })
})

describe('connecting', () => {
  it('A guest finds its socket in CUTOVER_HOST and is connected, both ways', async () => {
    const carried = new Carried(running('connects.mjs')).launch()
    await carried.reported('connected')
    const echo = new Promise(resolve => carried.socket?.once('data', data => resolve(String(data))))
    carried.socket?.write('hello')
    expect(await echo).toBe('hello')
    carried.launcher.terminate()
    expect(await carried.exited).toEqual({ code: null, signal: 'SIGTERM', stderr: '' })
    expect(carried.reports).toEqual(['connected', 'exited'])
  })

  it('The variable can have another name', async () => {
    const carried = new Carried(waits(), 'OASIS_WORKER_HOST').launch()
    const { fields } = await carried.line('environment')
    expect(fields['env']).toMatchObject({ OASIS_WORKER_HOST: expect.stringMatching(/host\.sock$/) })
    expect(fields['env']).not.toHaveProperty('CUTOVER_HOST')
  })

  it('Only our user can enter the directory of the socket, and its name tells our pid', async () => {
    const directory = dirname(await socketOf(new Carried(waits()).launch()))
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(directory).toContain(`cutover-${process.pid}-`)
  })

  it('With the connection the directory goes', async () => {
    const carried = new Carried(running('connects.mjs')).launch()
    const before = directoriesOfOurs()
    expect(before).toHaveLength(1)
    await carried.reported('connected')
    expect(carried.directories).toEqual([])
  })

  it('A guest that never connects leaves no directory behind', async () => {
    const carried = new Carried(waits()).launch()
    const directory = dirname(await socketOf(carried))
    expect(exists(directory)).toBe(true)
    carried.launcher.kill()
    expect(await carried.exited).toEqual({ code: null, signal: 'SIGKILL', stderr: '' })
    expect(exists(directory)).toBe(false)
    expect(carried.reports).toEqual(['exited'])
  })

  it('A guest that connects twice fails, and its first connection stays', async () => {
    const marker = join(directory(), 'connected')
    execFileSync('mkfifo', [marker])
    const carried = new Carried(running('connectsTwice.mjs', marker)).launch()
    await setImmediate()
    // Until both have connected this thread is blocked, and accepts nobody: both get in line.
    execFileSync('cat', [marker], { timeout: 50_000 })
    await carried.reported('failed')
    expect(carried.reports).toEqual(['connected', 'failed'])
    expect(carried.failures[0]?.message).toBe('The guest connected more than once.')
    expect(carried.socket?.destroyed).toBe(false)
    carried.launcher.kill()
    await carried.exited
    expect(carried.reports).toEqual(['connected', 'failed', 'exited'])
  })
})

describe('ending', () => {
  it('A guest that exits before it connects is reported with its code and the end of its stderr', async () => {
    const carried = new Carried(running('saysAndExits.mjs')).launch()
    expect(await carried.exited).toEqual({ code: 3, signal: null, stderr: 'reading the rules\nno rules: ✗' })
    expect(carried.reports).toEqual(['exited'])
  })

  it('What a guest wrote just before its exit is still read', async () => {
    const carried = new Carried(running('answersAndExits.mjs')).launch()
    await carried.reported('connected')
    let read = 0
    carried.socket?.on('data', data => {
      read += data.length
    })
    await carried.exited
    expect(read).toBe(150_000)
    expect(carried.lines.map(({ message }) => message)).toEqual(['last line'])
    expect(carried.socket?.destroyed).toBe(true)
  })

  it('What nobody reads does not hold up the end', async () => {
    const carried = new Carried(running('answersAndExits.mjs')).launch()
    expect(await carried.exited).toMatchObject({ code: 0 })
    expect(carried.socket?.destroyed).toBe(true)
  })

  it('A guest that ignores SIGTERM is killed', async () => {
    const carried = new Carried(running('ignoresSigterm.mjs')).launch()
    await carried.line('ready')
    carried.launcher.terminate()
    await carried.line('ignored')
    expect(carried.reports).toEqual([])
    carried.launcher.kill()
    expect(await carried.exited).toMatchObject({ code: null, signal: 'SIGKILL' })
  })

  it.each(['terminate', 'kill'] as const)('%s ends the whole group', async end => {
    const carried = new Carried(running('leavesGrandchild.sh', 'stay')).launch()
    const pid = Number((await carried.line('grandchild')).message.split(' ')[1])
    expect(isAlive(pid)).toBe(true)
    carried.launcher[end]()
    await carried.exited
    // The system closes the pipes of a process that was killed before it is gone.
    await gone([pid])
  })

  it('A grandchild left behind is gone when the exit is reported', async () => {
    const carried = new Carried(running('leavesGrandchild.sh')).launch()
    expect(await carried.exited).toMatchObject({ code: 0, signal: null })
    await gone([Number(carried.lines[0]?.message.split(' ')[1])])
  })

  it('A pipe that a process outside the group holds is waited for no longer than 100 ms', async () => {
    const carried = new Carried(running('leavesDaemon.py')).launch()
    const pid = Number((await carried.line('daemon')).message.split(' ')[1])
    await carried.exited
    expect(isAlive(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })

  it('After the end no signal is sent any more', async () => {
    const carried = new Carried(running('saysAndExits.mjs')).launch()
    await carried.exited
    const kill = vi.spyOn(process, 'kill')
    carried.launcher.terminate()
    carried.launcher.kill()
    expect(kill).not.toHaveBeenCalled()
    expect(carried.reports).toEqual(['exited'])
  })

  it.each(['terminate', 'kill'] as const)('%s during the launch leaves nothing behind', async end => {
    const spawned = new Carried(waits()).launch()
    const before = directoriesOfOurs()
    spawned.launcher[end]()
    expect(await spawned.exited).toMatchObject({ code: null, signal: null, error: expect.any(Error) })
    expect(spawned.reports).toEqual(['exited'])
    expect(before).toHaveLength(1)
    expect(before.filter(exists)).toEqual([])
  })

  it('No handle and no timer is left in the host when the exit is reported', async () => {
    const guests = ['connects.mjs', 'saysAndExits.mjs', 'answersAndExits.mjs', 'leavesGrandchild.sh', 'missing']
    const host = promisify(execFile)(process.execPath, [fixture('leavesNothing.mjs'), ...guests.map(fixture)])
    const { before, after } = JSON.parse((await host).stdout)
    expect(after).toEqual(before)
  })
})

describe('a command that cannot be run', () => {
  it.each([
    [
      'that does not exist',
      { file: 'no-such-program' },
      /no program "no-such-program" in PATH: install it, or give its path/,
    ],
    ['that is not executable', { file: running('connects.mjs').args[0] }, /connects\.mjs" cannot be run: .*EACCES/],
    ['in no directory', { cwd: '/no/such/place' }, /cannot be run: its directory "\/no\/such\/place" does not exist/],
    ['that spawn refuses', { args: ['a\0b'] }, /cannot be run: .*null bytes/],
    ['with too many arguments', { args: ['x'.repeat(3_000_000)] }, /cannot be run: spawn E2BIG/],
  ])('A program %s fails and says so, then it has exited', async (_, command, message) => {
    const carried = new Carried({ ...running('connects.mjs'), ...command } as ReturnType<typeof running>).launch()
    const before = directoriesOfOurs()
    expect(await carried.exited).toMatchObject({ code: null, signal: null, stderr: '' })
    expect(carried.reports).toEqual(['failed', 'exited'])
    expect(carried.failures[0]).toMatchObject({ code: 'CUTOVER_START_FAILED', message: expect.stringMatching(message) })
    expect(before.filter(exists)).toEqual([])
  })

  it('Without a place for the socket it fails, and then it has exited', async () => {
    vi.stubEnv('TMPDIR', '/no/such/place')
    onTestFinished(() => void vi.unstubAllEnvs())
    const carried = new Carried(waits()).launch()
    expect(carried.reports).toEqual([])
    await carried.exited
    expect(carried.reports).toEqual(['failed', 'exited'])
    expect(carried.failures[0]?.message).toMatch(/No directory for a socket can be made in \/no\/such\/place/)
  })
})

describe('the environment', () => {
  it('is not inherited, except PATH, HOME, LANG and TMPDIR', async () => {
    vi.stubEnv('SECRET', 'token')
    vi.stubEnv('LANG', 'C.UTF-8')
    onTestFinished(() => void vi.unstubAllEnvs())
    const carried = new Carried({ ...waits(), env: { MODE: 'test', HOME: '/elsewhere' } }).launch()
    const { fields } = await carried.line('environment')
    const env = fields['env'] as Record<string, string>
    expect(env).toMatchObject({ PATH: process.env['PATH'], LANG: 'C.UTF-8', MODE: 'test', HOME: '/elsewhere' })
    const others = Object.keys(env).filter(name => !/^(PATH|HOME|LANG|TMPDIR|MODE|CUTOVER_HOST)$/.test(name))
    expect(others).toEqual([])
  })
})
