/**
 * The part of XState that a guest needs: it runs the flat machines of a module run and of a connection. The bundled guest programs
 * have this file in place of `xstate`, which is a third of their size. A test compares the two on every path.
 *
 * It knows states without children, string and object targets, entry and transition actions, and final states. It refuses a config
 * with anything else, so that a machine that outgrows it fails at the first start of a guest.
 */

type Params = object | ((args: { readonly event: AnyEvent }) => object)
type ActionConfig = string | { readonly type: string; readonly params?: Params }
type Many<T> = T | readonly T[]
type Transition =
  | string
  | { readonly target?: string; readonly actions?: Many<ActionConfig>; readonly description?: string }

interface AnyEvent {
  readonly type: string
}

interface StateConfig {
  readonly description?: string
  readonly type?: 'final'
  readonly entry?: Many<ActionConfig>
  readonly on?: Readonly<Record<string, Transition>>
}

/** The config of a flat machine. */
export interface FlatConfig {
  readonly id: string
  readonly initial: string
  readonly states: Readonly<Record<string, StateConfig>>
}

type Action = (args: { readonly self: FlatActor; readonly event: AnyEvent }, params: object | undefined) => void
type Actions = Readonly<Record<string, Action>>

const KNOWN: ReadonlySet<string> = new Set(['id', 'initial', 'states', 'description', 'type', 'entry', 'on'])
const KNOWN_IN_TRANSITION: ReadonlySet<string> = new Set(['target', 'actions', 'description'])

/** A flat machine and the implementations of its actions. */
export class FlatMachine {
  readonly config: FlatConfig
  readonly actions: Actions

  constructor(config: FlatConfig, actions: Actions) {
    this.config = config
    this.actions = actions
  }

  /** The same machine with other implementations. */
  provide({ actions }: { readonly actions: Actions }): FlatMachine {
    return new FlatMachine(this.config, { ...this.actions, ...actions })
  }
}

/** As `setup` of XState. */
export function setup({ actions }: { readonly actions: Actions }): { createMachine(config: FlatConfig): FlatMachine } {
  return {
    createMachine(config) {
      assertFlat(config)
      return new FlatMachine(config, actions)
    },
  }
}

/** As `createActor` of XState. */
export function createActor(machine: FlatMachine, options: { readonly id?: string } = {}): FlatActor {
  return new FlatActor(machine, options.id ?? machine.config.id)
}

/** A running flat machine. Events that come in the middle of a transition wait for its end. */
export class FlatActor {
  readonly id: string
  readonly system = {}
  readonly #machine: FlatMachine
  readonly #mailbox: AnyEvent[] = []
  #value: string
  #isProcessing = false

  constructor(machine: FlatMachine, id: string) {
    this.#machine = machine
    this.#value = machine.config.initial
    this.id = id
  }

  start(): this {
    this.#process({ type: 'xstate.init' }, this.#value, this.#state.entry)
    return this
  }

  getSnapshot(): { readonly value: string; readonly status: 'active' | 'done'; readonly context: object } {
    return { value: this.#value, status: this.#state.type === 'final' ? 'done' : 'active', context: {} }
  }

  send(event: AnyEvent): void {
    this.#mailbox.push(event)
    if (!this.#isProcessing) this.#empty()
  }

  get #state(): StateConfig {
    return this.#machine.config.states[this.#value] as StateConfig
  }

  #empty(): void {
    for (let event = this.#mailbox.shift(); event !== undefined; event = this.#mailbox.shift()) {
      const { on = {}, type } = this.#state
      const given = type === 'final' || !Object.hasOwn(on, event.type) ? undefined : on[event.type]
      if (given === undefined) continue
      const { target, actions = [] } = typeof given === 'string' ? { target: given } : given
      const entry = target === undefined ? [] : (this.#machine.config.states[target]?.entry ?? [])
      this.#process(event, target ?? this.#value, [actions, entry].flat() as ActionConfig[])
    }
  }

  /** Runs the actions, then moves: an action sees the state before. */
  #process(event: AnyEvent, target: string, actions: Many<ActionConfig> | undefined = []): void {
    this.#isProcessing = true
    try {
      for (const action of [actions].flat() as ActionConfig[]) this.#act(event, action)
      this.#value = target
    } finally {
      this.#isProcessing = false
    }
    this.#empty()
  }

  #act(event: AnyEvent, action: ActionConfig): void {
    const { type, params } = typeof action === 'string' ? { type: action } : action
    const given = typeof params === 'function' ? params({ event }) : params
    this.#machine.actions[type]?.({ self: this, event }, given)
  }
}

function assertFlat({ states, ...root }: FlatConfig): void {
  assertKnown(root, KNOWN)
  for (const { on = {}, ...state } of Object.values(states)) {
    assertKnown(state, KNOWN)
    for (const transition of Object.values(on)) {
      if (typeof transition !== 'object') continue
      assertKnown(transition, KNOWN_IN_TRANSITION)
      if (transition.target !== undefined && !Object.hasOwn(states, transition.target)) throw notFlat(transition.target)
    }
  }
}

function assertKnown(config: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(config).find(key => !known.has(key))
  if (unknown !== undefined) throw notFlat(unknown)
}

function notFlat(what: string): Error {
  return new Error(`The guest program runs flat machines only, without ${JSON.stringify(what)}. Bundle it with xstate.`)
}
