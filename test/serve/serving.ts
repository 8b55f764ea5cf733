import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ServeStatus } from 'cutover/serve'
import { afterAll, onTestFinished } from 'vitest'
import { type After, directory } from '../fixtures/system.js'
import { Command, type Ended, spawnCommand } from './command.js'

/** Call it where tests are described. @returns registers what ends after all of them */
export function afterAllTests(): After {
  const ends: (() => void)[] = []
  afterAll(() => {
    for (const end of ends.reverse()) end()
  })
  return end => void ends.push(end)
}

/** An application in a folder of its own, and the state folder beside it. */
export class Site {
  readonly folder: string
  readonly app: string
  readonly state: string
  /** Added to the environment of the commands. */
  env: NodeJS.ProcessEnv = {}
  readonly #after: After

  /** @param after - registers the end of its processes and of its folder. @default after the test */
  constructor(source: string, version = '1.0.0', after: After = onTestFinished) {
    const base = directory(after)
    this.#after = after
    this.folder = join(base, 'app')
    this.state = join(base, 'state')
    this.app = join(this.folder, 'app.mjs')
    mkdirSync(this.folder)
    this.write(source, version)
  }

  /** Overwrites the application. */
  write(source: string, version = '1.0.0'): void {
    writeFileSync(this.app, source)
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ name: 'app', version, type: 'module' }))
  }

  /** Runs a command in a process of its own, to its end. */
  run(command: string, ...options: readonly string[]): Promise<Ended> {
    return Command.of(this.spawn(command, ...options)).ended
  }

  /** Runs a command that asks the service, in this process. A path among the options must be absolute. */
  ask(command: string, ...options: readonly string[]): Promise<Ended> {
    return this.asking(command, ...options).ended
  }

  /** As {@link ask}, while it is under way. */
  asking(command: string, ...options: readonly string[]): Command {
    return Command.here([command, ...options], this.#env)
  }

  async status(): Promise<ServeStatus> {
    const { stdout } = await this.ask('status', '--json')
    return JSON.parse(stdout) as ServeStatus
  }

  spawn(command: string, ...options: readonly string[]): ChildProcess {
    return spawnCommand([command, ...options], { cwd: this.folder, env: this.#env, after: this.#after })
  }

  get #env(): NodeJS.ProcessEnv {
    return { CUTOVER_SERVE_STATE: this.state, ...this.env }
  }

  /** Serves the application, and waits until it listens. */
  async serve(...options: readonly string[]): Promise<Served> {
    const served = new Served(this.spawn('serve', this.app, '--port', '0', '--host', '127.0.0.1', ...options))
    await served.line('listens on')
    return served
  }
}

/** A running `cutover serve`. */
export class Served {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly exited: Promise<unknown[]>
  stderr = ''
  readonly #hearers = new Set<() => void>()

  constructor(child: ChildProcess) {
    this.child = child
    this.exited = once(child, 'close')
    child.stderr?.setEncoding('utf8').on('data', chunk => {
      this.stderr += chunk
    })
    if (child.stdout === null) throw new Error('The process has no stdout.')
    createInterface(child.stdout).on('line', line => {
      this.lines.push(line)
      for (const hear of this.#hearers) hear()
    })
  }

  get url(): string {
    return (
      this.lines
        .findLast(line => line.includes('listens on'))
        ?.split(' ')
        .at(-1) ?? ''
    )
  }

  /** Waits for the nth line with this text, from 1. @throws Error the service has ended */
  async line(text: string, nth = 1): Promise<void> {
    const isThere = () => this.lines.filter(line => line.includes(text)).length >= nth
    if (isThere()) return
    let hear = () => {}
    const heard = new Promise<void>(resolve => {
      hear = () => isThere() && resolve()
    })
    const ended = this.exited.then(() => {
      if (!isThere()) throw new Error(`It ended without "${text}": ${this.lines.join('\n')}\n${this.stderr}`)
    })
    await Promise.race([this.hearing(hear, heard), ended])
  }

  /** Calls a function with each line until the promise has settled. */
  async hearing(hear: () => void, until: Promise<void>): Promise<void> {
    this.#hearers.add(hear)
    hear()
    await until
    this.#hearers.delete(hear)
  }

  async get(path = '/'): Promise<string> {
    const response = await fetch(new URL(path, this.url))
    return response.text()
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }
}

/** The source of a program in `test/fixtures/serve`. */
export const application = (name: string) => readFileSync(`test/fixtures/serve/${name}.mjs`, 'utf8')

/** An application whose answers tell who it is. */
export const saying = (what: string) => `export const fetch = () => new Response(\`${what} \${process.pid}\`)\n`
