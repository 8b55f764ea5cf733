import { assign, createMachine, setup } from 'xstate'

export const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { push: 'open', lock: 'locked' } },
    open: { on: { pull: 'closed' } },
    locked: { on: { unlock: 'closed', push: { actions: 'rattle' } } },
  },
})

/** Has infinitely many states. */
export const counter = setup({
  types: { context: {} as { count: number }, events: {} as { type: 'add'; by: number } },
}).createMachine({
  id: 'counter',
  context: { count: 0 },
  on: { add: { actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
})
