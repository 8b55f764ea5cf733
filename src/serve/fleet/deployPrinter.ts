/** Prints a deployment of a fleet while it goes on: a line for each wave, and the table of the nodes, which changes. */
import type { FleetStatus, Wanted } from '../../fleet/index.js'
import type { Style, Terminal } from '../print/terminal.js'
import { counted } from '../print/text.js'
import { type Arrival, arrivalOf, type Course } from './deployment.js'
import { fleetLines, wavesText } from './fleetText.js'

/** How often what the fleet waits for is printed where lines cannot be replaced, in ms. */
const QUIET = 10_000
const LABEL = 11
/** As many nodes as a line names. */
const NAMED = 5

export class DeployPrinter {
  readonly #terminal: Terminal
  readonly #now: () => number
  #place = ''
  #printed = Number.NEGATIVE_INFINITY

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#now = now
  }

  begin({ version, previous, waves }: Wanted): void {
    this.#terminal.line(this.#terminal.style('bold', version ?? 'nothing'))
    this.#line('over', previous ?? 'nothing: no version is permanent in the fleet, so there is none to go back to')
    this.#line('waves', wavesText(waves))
  }

  tell(status: FleetStatus, course: Course): void {
    const { wanted } = status
    const place = `${course} ${wanted?.epoch} ${wanted?.wave} ${wanted?.paused} ${status.refused}`
    if (place !== this.#place) {
      this.#place = place
      this.#printed = this.#now()
      this.#change(status, course)
    }
    this.#terminal.block(['', ...fleetLines(status, this.#terminal)])
    if (this.#terminal.isTerminal || this.#now() - this.#printed < QUIET) return
    this.#printed = this.#now()
    this.#line('waits for', status.waitsFor ?? namesOf(arrivalOf(status).moving))
  }

  /** Something that is not in the status. */
  note(text: string): void {
    this.#line('note', text, 'yellow')
  }

  end({ wanted }: FleetStatus, arrival: Arrival, isGood: boolean): void {
    const { there, failed, silent } = arrival
    const goal = wanted?.version
    if (goal != null)
      this.#line(isGood ? 'done' : 'back', `${counted(there.length, 'node')} on ${goal}`, isGood ? 'green' : undefined)
    for (const { name, version, reason } of failed)
      this.#line('failed', `${name} stays on ${version ?? 'nothing'}: ${reason}`, 'red')
    if (silent.length > 0)
      this.#line('silent', `${namesOf(silent)}; a node that is back goes to ${goal} by itself`, 'yellow')
  }

  /** Removes the table that changes. */
  leave(): void {
    this.#terminal.block([])
  }

  #change(status: FleetStatus, course: Course): void {
    const { wanted, refused } = status
    if (wanted === null) return
    const { wave, waves, paused, reason, version } = wanted
    if (refused !== null) this.#line('refused', `the newest record cannot be read: ${refused}`, 'red')
    else if (course === 'permanent')
      this.#line('passed', `all ${counted(waves.length, 'wave')}: ${version} is permanent`)
    else if (course === 'halted') this.#line(paused ? 'stuck' : 'halted', reason ?? '', 'red')
    else if (course === 'rolling' && paused) this.#line('paused', 'no node begins, and no wave opens', 'yellow')
    else if (course === 'rolling') {
      const nodes = status.nodes.filter(node => node.wave === wave)
      this.#line('wave', `${wave + 1} of ${waves.length}, ${waves[wave]?.percent} %: ${namesOf(nodes)}`)
    }
  }

  #line(label: string, text: string, style?: Style): void {
    const styled = style === undefined ? text : this.#terminal.style(style, text)
    this.#terminal.line(`  ${this.#terminal.style('dim', label.padEnd(LABEL))}${styled}`)
  }
}

function namesOf(nodes: readonly { readonly name: string }[]): string {
  if (nodes.length === 0) return 'no further node'
  const named = nodes.slice(0, NAMED).map(({ name }) => name)
  const others = nodes.length - named.length
  return others === 0 ? named.join(', ') : `${named.join(', ')} and ${others} more`
}
