import { type ChildProcess, spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import { installed } from './installed.js'

/** A way to replace the application of a service: two processes, or threads, that answer. */
export interface Contender {
  readonly name: string
  /** Starts the service. It may listen later. */
  start(folder: string, port: number): Promise<void>
  /** The process whose descendants the service is. */
  pid(): number
  /** Replaces the application. @returns the exit code of the command, or null if it has none */
  deploy(): Promise<number | null>
  /** Goes back to the version before: by a command, or by another deploy. */
  rollback(): Promise<number | null>
  /** Puts an application there that throws when it is loaded. */
  break(): void
  stop(): Promise<void>
}

const fixture = (name: string) => resolve('test/bench/fixtures', name)
const BROKEN = 'throw new Error("no database")\n'

interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

async function run(file: string, args: readonly string[], place: Place): Promise<number | null> {
  const child = spawn(file, args, { ...place, stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

function launched(args: readonly string[], place: Place): ChildProcess {
  return spawn(process.execPath, args, { ...place, stdio: ['ignore', 'pipe', 'ignore'] })
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** Waits for the next line with this text, or one that says that it failed. */
async function lineOf(lines: Interface, text: string): Promise<string> {
  for await (const [line] of on(lines, 'line', { close: ['close'] }) as AsyncIterable<[string]>)
    if (line.includes(text) || line.includes('failed')) return line
  throw new Error('The process has ended.')
}

export function cutover(): Contender {
  const program = resolve('dist/lib/cutover.js')
  let place: Place
  let service: ChildProcess
  const command = (...args: string[]) => run(process.execPath, [program, ...args], place)
  return {
    name: 'cutover serve',
    async start(cwd, port) {
      place = { cwd, env: { ...process.env, CUTOVER_SERVE_STATE: join(cwd, 'state') } }
      copyFileSync(resolve('test/fixtures/serve/unprepared.mjs'), join(cwd, 'app.mjs'))
      service = launched([program, 'serve', 'app.mjs', '--port', `${port}`, '--instances', '2', '--soak', '0'], place)
      service.stdout?.resume()
    },
    pid: () => service.pid ?? 0,
    deploy: () => command('deploy'),
    rollback: () => command('rollback'),
    break: () => writeFileSync(join(place.cwd, 'app.mjs'), BROKEN),
    stop: async () => void (await command('stop')),
  }
}

/** @param drains - whether the application ends by hand */
export function pm2(drains: boolean): Contender {
  const program = join(installed('pm2'), 'pm2', 'bin', 'pm2')
  let place: Place
  const command = (...args: string[]) => run(process.execPath, [program, ...args], place)
  const deploy = () => command('reload', 'app')
  return {
    name: `pm2 reload${drains ? ', with a drain by hand' : ''}`,
    async start(cwd, port) {
      const env = { ...process.env, PM2_HOME: join(cwd, 'pm2'), PORT: `${port}`, DRAIN: drains ? '1' : '0' }
      place = { cwd, env }
      mkdirSync(join(cwd, 'pm2'))
      copyFileSync(fixture('nodeApp.cjs'), join(cwd, 'app.cjs'))
      await command('start', 'app.cjs', '-i', '2', '--name', 'app', '--wait-ready', '--kill-timeout', '5000')
    },
    pid: () => Number(readFileSync(join(place.cwd, 'pm2', 'pm2.pid'), 'utf8')),
    deploy,
    rollback: deploy,
    break: () => writeFileSync(join(place.cwd, 'app.cjs'), BROKEN),
    stop: async () => void (await command('kill')),
  }
}

/** @param drains - whether the application ends by hand, in place of `disconnect()` */
export function cluster(drains: boolean): Contender {
  let folder: string
  let service: ChildProcess
  let lines: Interface
  const deploy = async () => {
    const ended = lineOf(lines, 'reloaded')
    service.kill('SIGHUP')
    const line = await ended
    return line.includes('failed') ? 1 : null
  }
  return {
    name: `node:cluster, with ${drains ? 'a drain by hand' : 'disconnect()'}`,
    async start(cwd, port) {
      folder = cwd
      copyFileSync(fixture('nodeApp.cjs'), join(cwd, 'app.cjs'))
      const env = { ...process.env, PORT: `${port}`, DRAIN: drains ? '1' : '0' }
      service = launched([fixture('clusterMain.cjs'), join(cwd, 'app.cjs')], { cwd, env })
      lines = createInterface(service.stdout as Readable)
      await lineOf(lines, 'ready')
    },
    pid: () => service.pid ?? 0,
    deploy,
    rollback: deploy,
    break: () => writeFileSync(join(folder, 'app.cjs'), BROKEN),
    stop: () => ended(service, 'SIGKILL'),
  }
}

/** Two worker threads of Watt. `wattpm restart` replaces them one by one; `wattpm reload` ends the service first. */
export function watt(): Contender {
  const modules = installed('watt')
  const program = join(modules, 'wattpm', 'bin', 'cli.js')
  let place: Place
  let service: ChildProcess
  const deploy = () => run(process.execPath, [program, 'restart', 'shop', 'app'], place)
  return {
    name: 'Watt, wattpm restart',
    async start(cwd, port) {
      place = { cwd, env: { ...process.env } }
      cpSync(fixture('watt'), cwd, { recursive: true })
      symlinkSync(modules, join(cwd, 'node_modules'))
      copyFileSync(fixture('nodeApp.cjs'), join(cwd, 'app', 'app.cjs'))
      place.env['PORT'] = `${port}`
      service = launched([program, 'start'], place)
      service.stdout?.resume()
    },
    pid: () => service.pid ?? 0,
    deploy,
    rollback: deploy,
    break: () => writeFileSync(join(place.cwd, 'app', 'app.cjs'), BROKEN),
    stop: () => ended(service, 'SIGTERM'),
  }
}

/** One process of Node.js, which cannot be replaced. */
export function plain(): Contender {
  let service: ChildProcess
  const never = () => Promise.reject(new Error('One process cannot be replaced.'))
  return {
    name: 'node, one process',
    async start(cwd, port) {
      service = launched([fixture('nodeApp.cjs')], { cwd, env: { ...process.env, PORT: `${port}` } })
    },
    pid: () => service.pid ?? 0,
    deploy: never,
    rollback: never,
    break: () => {},
    stop: () => ended(service, 'SIGKILL'),
  }
}
