import { readdirSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Exit } from '../../../src/hosts/connected/launcher.js'
import { ProcessLauncher, type SandboxedCommand } from '../../../src/hosts/process/processLauncher.js'
import { Noted } from '../../fixtures/noted.js'

/** The path of a program in test/fixtures/processes. */
export const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/processes/${name}`, import.meta.url))

/** How a fixture is run: by Node, unless its name says otherwise. */
export function running(name: string, ...args: string[]): SandboxedCommand {
  if (name.endsWith('.sh')) return { file: fixture(name), args, env: {} }
  const file = name.endsWith('.py') ? '/usr/bin/python3' : process.execPath
  return { file, args: [fixture(name), ...args], env: {} }
}

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A launcher with all that it reports and logs; killed, and waited for, when the test is over. */
export class Carried {
  readonly launcher: ProcessLauncher
  readonly failures: Error[] = []
  readonly exited: Promise<Exit>
  socket: Socket | undefined
  /** The socket directories that there were when it connected. */
  directories: readonly string[] | undefined
  readonly #reports = new Noted<string>()
  readonly #lines = new Noted<Line>()
  #exit: (exit: Exit) => void = () => {}

  constructor(command: SandboxedCommand, hostVariable?: string) {
    const log = (level: string) => (object: object, message: string) => {
      this.#lines.add({ level, message, fields: { ...object } })
    }
    const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
    this.exited = new Promise(resolve => {
      this.#exit = resolve
    })
    this.launcher = new ProcessLauncher(command, {
      ...(hostVariable === undefined ? {} : { hostVariable }),
      logger,
      openTransport: socket => {
        this.socket = socket
        this.directories = directoriesOfOurs()
        return () => ({ isCongested: false, send: () => {}, close: () => {} })
      },
    })
  }

  get reports(): readonly string[] {
    return this.#reports.all
  }

  get lines(): readonly Line[] {
    return this.#lines.all
  }

  launch(): this {
    onTestFinished(async () => {
      this.launcher.kill()
      await this.exited
    })
    this.launcher.launch({
      connected: () => this.#reports.add('connected'),
      failed: error => {
        this.#reports.add('failed')
        this.failures.push(error)
      },
      exited: exit => {
        this.#reports.add('exited')
        this.#exit(exit)
      },
    })
    return this
  }

  /** The first line with `text` in its message, logged already or still to come. */
  line(text: string): Promise<Line> {
    return this.#beforeExit(
      this.#lines.first(({ message }) => message.includes(text)),
      () => `no line with ${text} among ${JSON.stringify(this.lines.slice(0, 5))}`,
    )
  }

  /** Resolves as soon as it has reported that. */
  async reported(report: string): Promise<void> {
    await this.#beforeExit(
      this.#reports.first(it => it === report),
      () => `${report} is not among ${this.reports.join()}`,
    )
  }

  /** Nothing comes any more after the exit. */
  #beforeExit<T>(awaited: Promise<T>, complaint: () => string): Promise<T> {
    const inVain = this.exited.then(() => Promise.reject(new Error(complaint())))
    return Promise.race([awaited, inVain])
  }
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** The socket directories of this process. */
export function directoriesOfOurs(): string[] {
  const names = readdirSync(tmpdir()).filter(name => name.startsWith(`cutover-${process.pid}-`))
  return names.map(name => join(tmpdir(), name))
}
