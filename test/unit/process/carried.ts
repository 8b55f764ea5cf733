import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import type { Exit } from '../../../src/hosts/carrier.js'
import { ProcessCarrier, type SandboxedCommand } from '../../../src/hosts/process/processCarrier.js'

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

/** A carrier with all that it reports and logs; killed, and waited for, when the test is over. */
export class Carried {
  readonly carrier: ProcessCarrier
  readonly reports: string[] = []
  readonly failures: Error[] = []
  readonly lines: Line[] = []
  readonly exited: Promise<Exit>
  socket: Socket | undefined
  /** The socket directories that there were when it connected. */
  directories: readonly string[] | undefined
  #exit: (exit: Exit) => void = () => {}

  constructor(command: SandboxedCommand, hostVariable?: string) {
    const log = (level: string) => (object: object, message: string) => {
      this.lines.push({ level, message, fields: { ...object } })
    }
    const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
    this.exited = new Promise(resolve => {
      this.#exit = resolve
    })
    this.carrier = new ProcessCarrier(command, {
      ...(hostVariable === undefined ? {} : { hostVariable }),
      logger,
      openTransport: socket => {
        this.socket = socket
        this.directories = directoriesOfOurs()
        return () => ({ isCongested: false, send: () => {}, close: () => {} })
      },
    })
  }

  launch(): this {
    onTestFinished(async () => {
      this.carrier.kill()
      await this.exited
    })
    this.carrier.launch({
      connected: () => this.reports.push('connected'),
      failed: error => {
        this.reports.push('failed')
        this.failures.push(error)
      },
      exited: exit => {
        this.reports.push('exited')
        this.#exit(exit)
      },
    })
    return this
  }

  /** The first line with `text` in its message. */
  line(text: string): Promise<Line> {
    return vi.waitFor(
      () => {
        const line = this.lines.find(({ message }) => message.includes(text))
        if (line === undefined) throw new Error(`no line with ${text} among ${JSON.stringify(this.lines.slice(0, 5))}`)
        return line
      },
      { timeout: 5_000, interval: 5 },
    )
  }

  /** Resolves as soon as it has reported that. */
  reported(report: string): Promise<void> {
    return vi.waitFor(
      () => {
        if (!this.reports.includes(report)) throw new Error(`${report} is not among ${this.reports.join()}`)
      },
      { timeout: 5_000, interval: 5 },
    )
  }
}

/** Whether a process runs. One that nobody has waited for yet does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
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
