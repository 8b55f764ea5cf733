/** The processes of the demo's fleet, as the demo sees them. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { NodeEnd, NodeFigures, NodeMessage } from './messages.js'

const PROGRAM = fileURLToPath(new URL('./node.js', import.meta.url))

/** Lets those who wait look at the node. */
const EXITED: NodeMessage = { type: 'exited' }

export class NodeProcess implements Disposable {
  readonly name: string
  /** Its last message; null before the first. */
  figures: NodeFigures | null = null
  /** The versions that it has tried. */
  readonly tried = new Set<string>()
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #changed: (message: NodeMessage) => void
  #end: NodeEnd | undefined

  /** @param setup - the path of a JSON file with a `NodeSetup`. @param changed - is called with each message */
  constructor(name: string, setup: string, changed: (message: NodeMessage) => void) {
    this.name = name
    this.#changed = changed
    this.#child = fork(PROGRAM, [name, setup], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#exited = once(this.#child, 'exit')
    this.#child.on('message', message => this.#hear(message as NodeMessage))
    this.#child.once('exit', () => changed(EXITED))
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Lets it answer its last calls, and exit. */
  async end(): Promise<NodeEnd> {
    if (!this.hasExited) this.#child.send('end')
    await this.#exited
    if (this.#end === undefined) throw new Error(`The node ${this.name} has ended without its results.`)
    return this.#end
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }

  #hear(message: NodeMessage): void {
    if (message.type === 'figures') this.figures = message
    else if (message.type === 'end') this.#end = message
    else if (message.type === 'tries') this.tried.add(message.version)
    this.#changed(message)
  }
}

/** All nodes of the demo. */
export class Nodes implements Disposable {
  readonly all: readonly NodeProcess[]

  /** @param file - holds a `NodeSetup`. @param changed - is called with each message */
  constructor(count: number, file: string, changed: (message: NodeMessage) => void) {
    this.all = Array.from({ length: count }, (_, index) => new NodeProcess(`n${index + 1}`, file, changed))
  }

  /** @throws Error a node has ended by itself */
  check(): true {
    const ended = this.all.find(({ hasExited }) => hasExited)
    if (ended !== undefined) throw new Error(`The node ${ended.name} has ended by itself.`)
    return true
  }

  end(): Promise<NodeEnd[]> {
    return Promise.all(this.all.map(node => node.end()))
  }

  [Symbol.dispose](): void {
    for (const node of this.all) node[Symbol.dispose]()
  }
}
