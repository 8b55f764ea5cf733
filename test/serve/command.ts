/** Runs `cutover`: in a process of its own, or in this one, which costs a tenth. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { run } from '../../src/serve/run.js'
import type { After } from '../fixtures/system.js'

const PROGRAM = join(process.cwd(), 'dist/lib/cutover.js')

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnOptions {
  /** @default ours */
  readonly cwd?: string
  /** Added to ours. @default {} */
  readonly env?: NodeJS.ProcessEnv
  /** Registers its end. @default after the test */
  readonly after?: After
}

/** The environment of a command: no colours, unless it is given some. */
const environment = (env: NodeJS.ProcessEnv | undefined) => ({ ...process.env, FORCE_COLOR: '', ...env })

/** Starts the command in a process of its own. */
export function spawnCommand(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const { cwd, env, after = onTestFinished } = options
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  after(() => child.kill('SIGKILL'))
  return child
}

/** A command under way. */
export class Command {
  readonly ended: Promise<Ended>
  readonly #texts = { stdout: '', stderr: '' }
  readonly #hearers = new Set<() => void>()

  private constructor(start: (command: Command) => Promise<number | null>) {
    this.ended = start(this).then(code => {
      this.#tell()
      return { code, ...this.#texts }
    })
  }

  /** In the process. */
  static of(child: ChildProcess): Command {
    return new Command(async command => {
      for (const name of ['stdout', 'stderr'] as const)
        child[name]?.setEncoding('utf8').on('data', text => command.#hear(name, text))
      const [code] = (await once(child, 'close')) as [number | null]
      return code
    })
  }

  /** In this process. */
  static here(args: readonly string[], env?: NodeJS.ProcessEnv): Command {
    return new Command(command => {
      const stream = (name: 'stdout' | 'stderr') => {
        const write = (chunk: Buffer, _: unknown, done: () => void) => {
          command.#hear(name, `${chunk}`)
          done()
        }
        return new Writable({ write }) as unknown as NodeJS.WriteStream
      }
      return run(args, { stdout: stream('stdout'), stderr: stream('stderr'), env: environment(env) })
    })
  }

  /** Resolves when it has printed this. @throws Error it has ended without */
  async printed(text: string): Promise<void> {
    const isPrinted = () => this.#texts.stdout.includes(text)
    let hear = () => {}
    const heard = new Promise<void>(resolve => {
      hear = () => isPrinted() && resolve()
    })
    this.#hearers.add(hear)
    hear()
    const ended = this.ended.then(({ stdout, stderr }) => {
      if (!isPrinted()) throw new Error(`It ended without "${text}":\n${stdout}\n${stderr}`)
    })
    await Promise.race([heard, ended])
    this.#hearers.delete(hear)
  }

  #hear(name: 'stdout' | 'stderr', text: string): void {
    this.#texts[name] += text
    this.#tell()
  }

  #tell(): void {
    for (const hear of this.#hearers) hear()
  }
}
