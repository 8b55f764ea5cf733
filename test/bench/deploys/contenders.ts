import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** A way to replace the application of a service. */
export interface Contender {
  readonly name: string
  /** Starts the service. */
  start(folder: string, port: number): Promise<void>
  /** Replaces the application. @returns the exit code of the command, or null if it has none */
  deploy(): Promise<number | null>
  /** Puts an application there that throws when it is loaded. */
  break(): void
  stop(): Promise<void>
}

const fixture = (name: string) => resolve('test/bench/fixtures', name)
const BROKEN = 'throw new Error("no database")\n'

async function run(file: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const child = spawn(file, args, { ...options, stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

async function lineOf(child: ChildProcess, text: string): Promise<string> {
  if (child.stdout === null) throw new Error('The process has no stdout.')
  const lines = createInterface(child.stdout)
  for await (const line of lines) if (line.includes(text) || line.includes('failed')) return line
  throw new Error('The process has ended.')
}

export function cutover(): Contender {
  const program = resolve('dist/lib/cutover.js')
  let options: { cwd: string; env: NodeJS.ProcessEnv }
  let service: ChildProcess
  const command = (...args: string[]) => run(process.execPath, [program, ...args], options)
  return {
    name: 'cutover serve',
    async start(cwd, port) {
      options = { cwd, env: { ...process.env, CUTOVER_SERVE_STATE: join(cwd, 'state') } }
      copyFileSync(resolve('test/fixtures/serve/unprepared.mjs'), join(cwd, 'app.mjs'))
      const args = [program, 'serve', 'app.mjs', '--port', `${port}`, '--instances', '2', '--soak', '0']
      service = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
      await lineOf(service, 'listens on')
      service.stdout?.resume()
    },
    deploy: () => command('deploy'),
    break: () => writeFileSync(join(options.cwd, 'app.mjs'), BROKEN),
    stop: async () => void (await command('stop')),
  }
}

/** @param drains - whether the application ends by hand */
export function pm2(program: string, drains: boolean): Contender {
  let options: { cwd: string; env: NodeJS.ProcessEnv }
  const command = (...args: string[]) => run(process.execPath, [program, ...args], options)
  return {
    name: `pm2 reload${drains ? ', with a drain by hand' : ''}`,
    async start(cwd, port) {
      const env = { ...process.env, PM2_HOME: join(cwd, 'pm2'), PORT: `${port}`, DRAIN: drains ? '1' : '0' }
      options = { cwd, env }
      mkdirSync(join(cwd, 'pm2'))
      copyFileSync(fixture('nodeApp.cjs'), join(cwd, 'app.cjs'))
      const waits = ['--wait-ready', '--kill-timeout', '5000']
      await command('start', 'app.cjs', '-i', '2', '--name', 'app', ...waits)
    },
    deploy: () => command('reload', 'app'),
    break: () => writeFileSync(join(options.cwd, 'app.cjs'), BROKEN),
    stop: async () => void (await command('kill')),
  }
}

export function cluster(): Contender {
  let folder: string
  let service: ChildProcess
  return {
    name: 'node:cluster, with disconnect()',
    async start(cwd, port) {
      folder = cwd
      copyFileSync(fixture('nodeApp.cjs'), join(cwd, 'app.cjs'))
      const env = { ...process.env, PORT: `${port}` }
      const args = [fixture('clusterMain.cjs'), join(cwd, 'app.cjs')]
      service = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
      await lineOf(service, 'ready')
    },
    async deploy() {
      service.kill('SIGHUP')
      const line = await lineOf(service, 'reloaded')
      return line.includes('failed') ? 1 : null
    },
    break: () => writeFileSync(join(folder, 'app.cjs'), BROKEN),
    stop: async () => {
      service.kill('SIGKILL')
      await once(service, 'exit')
    },
  }
}
