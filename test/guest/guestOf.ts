import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { Connection } from '../../src/protocol/connection.js'
import { openSocket } from '../../src/protocol/transports/socketTransport.js'
import { Noted } from '../fixtures/noted.js'
import { guestFile } from '../fixtures/remoteHost.js'
import { directory } from '../fixtures/system.js'

/** The argument of the program `serves`. */
export interface Behaviour {
  readonly options?: { readonly version?: string; readonly hostVariable?: string }
  readonly hearsRoles?: boolean
  readonly hangsIn?: 'start' | 'stop' | 'throwingStop'
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** The program `serves` in a process of its own, with what it says and how it ends. */
export class Program {
  readonly process: ChildProcess
  stderr = ''
  readonly #said = new Noted<string>()
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>

  constructor(behaviour: Behaviour, env: Readonly<Record<string, string>>) {
    const args = [guestFile('serves').pathname, JSON.stringify(behaviour)]
    const child = spawn(process.execPath, args, { env, stdio: 'pipe' })
    this.process = child
    onTestFinished(() => void this.process.kill('SIGKILL'))
    createInterface(child.stdout).on('line', line => this.#said.add(line))
    child.stderr.on('data', chunk => (this.stderr += String(chunk)))
    this.ended = once(this.process, 'close').then(([code, signal]) => code ?? signal)
  }

  get said(): readonly string[] {
    return this.#said.all
  }

  async hasSaid(line: string): Promise<void> {
    await this.#said.first(said => said === line)
  }
}

/** A program, and a host of it without a supervisor: it sends what the test says, and nothing else. */
export async function hostOf(behaviour: Behaviour = {}, variable = 'CUTOVER_HOST') {
  const path = join(directory(), 'socket')
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  const program = new Program(behaviour, { [variable]: path })
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => void socket.destroy())
  const connection = new Connection({
    role: 'host',
    open: openSocket(socket),
    logger: silent,
    answerCall: () => null,
    answer: () => ({ kind: 'Empty', payload: {} }),
    closed: () => {},
  })
  connection.open()
  const info = {
    runtime_id: new Uint8Array(32),
    consensus_backend: '',
    consensus_protocol_version: {},
    consensus_chain_context: '',
    id: 'served',
    version: '1.0.0',
  }
  return {
    program,
    socket,
    connection,
    /** Tells the program what it is; resolves when it takes calls. */
    async begin() {
      const { payload } = await connection.request('RuntimeInfoRequest', info)
      connection.initialized()
      return payload
    },
    /** @param changes - undefined leaves a field out */
    tell: (changes: object = {}) => connection.request('RuntimeInfoRequest', { ...info, ...changes }),
  }
}
